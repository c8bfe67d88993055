"""The database under rising concurrency: times, isolation, plans, and how many connections are best."""
