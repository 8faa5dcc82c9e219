"""Documents of the fourth floor."""
