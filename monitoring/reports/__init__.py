"""What the monitoring floor hands to screens and documents."""
