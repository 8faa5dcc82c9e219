"""The demo: a house with enough life in it to look at, made by the commands."""
