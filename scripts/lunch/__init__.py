"""A lunch service at the demo restaurant: guests, four tills, a live board, and a reckoning at the end."""
