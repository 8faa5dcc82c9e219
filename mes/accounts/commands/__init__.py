"""What is written about how people sign in, beside their account."""
