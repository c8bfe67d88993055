"""Users for Locust: what people do at tills."""
