"""Management commands: edges for a shell."""
