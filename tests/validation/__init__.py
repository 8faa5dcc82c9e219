"""The validation pack: requirements, the tests that name them, and how those ended."""
