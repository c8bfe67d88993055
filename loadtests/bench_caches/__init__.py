"""How fast a change takes cached values out of use."""
