"""The rules of quality: what is missing before release, who is independent, what is a reason."""
