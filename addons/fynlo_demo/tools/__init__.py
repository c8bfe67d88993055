"""What the demo is made of, as plain data."""
