"""Sixteen tills at work on one location, driven by Locust."""
