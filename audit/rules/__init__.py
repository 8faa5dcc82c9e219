"""Rules of the ground floor: plain Python."""
