"""Pure building blocks: no ORM, no request, fully typed."""
