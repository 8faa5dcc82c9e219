"""The rules of making a batch: what may be done next, and what is said of a value. Pure Python."""
