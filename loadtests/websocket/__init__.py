"""What the gateway carries: connections, deliveries, latency, memory and CPU, beside a plain broadcast server."""
