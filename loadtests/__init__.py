"""Load tests: black boxes that speak HTTP and WebSocket with a restaurant of their own and watch its processes."""
