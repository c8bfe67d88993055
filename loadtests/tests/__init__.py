"""Short load tests that are part of every test run."""
