"""Every write of the batches app."""
