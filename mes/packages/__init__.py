"""The package of a batch: its record and all its proof in one file that needs no OneLot to verify."""
