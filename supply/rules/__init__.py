"""Identifiers and their check characters, expiry and picking. Pure Python."""
