"""The programming interface of the fourth floor."""
