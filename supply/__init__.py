"""First floor: chain of identity and custody, materials and lots, equipment."""
