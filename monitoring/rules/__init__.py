"""What a reading means: its quality, its limits, its window. Pure Python, told the time."""
