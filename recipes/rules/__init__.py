"""What a master batch record may say, and what its limits and formulas mean. Pure Python."""
