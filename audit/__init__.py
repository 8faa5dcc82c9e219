"""Ground floor: people, acts, permissions, signatures, and the ledger that nobody can quietly change."""
