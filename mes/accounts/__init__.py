"""Accounts: how people come in, how long they stay, and the secrets by which they are known."""
