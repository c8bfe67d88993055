"""Set-up, start and test of a whole Fynlo restaurant on one machine, with the standard library alone."""
