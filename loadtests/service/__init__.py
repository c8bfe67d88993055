"""A whole service: sixteen tills on one location, and the books at its end."""
