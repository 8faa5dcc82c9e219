"""Fourth floor: patient orders and the making of each batch, the electronic batch record."""
