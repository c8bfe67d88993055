"""The gateway: reads the streams and speaks WebSocket with the tills."""
