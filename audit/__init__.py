"""Ground floor: people, acts, permissions, signatures, and the ledger nobody can quietly change."""
