"""The API at a steady rate, in bursts, at its limits and without its servers."""
