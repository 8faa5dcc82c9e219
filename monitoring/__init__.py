"""Fifth floor: sensors, their limits, and what happens when one is broken."""
