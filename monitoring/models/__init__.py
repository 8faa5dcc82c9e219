"""The records of the monitoring floor."""
