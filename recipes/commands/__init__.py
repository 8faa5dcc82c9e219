"""Every write of the recipes app."""
