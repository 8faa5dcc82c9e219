"""Every write of the supply app."""
