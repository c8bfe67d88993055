"""Apple Pay in tests: published tokens, and a maker of tokens under a root of the test's own."""
