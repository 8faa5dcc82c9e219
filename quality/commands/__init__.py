"""Every write of the quality app."""
