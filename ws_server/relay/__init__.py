"""The relay: numbers the rows of the outbox and writes them to Redis Streams."""
