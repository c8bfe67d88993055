"""A hundred members of staff at once: what happens as more and more of them sign in."""
