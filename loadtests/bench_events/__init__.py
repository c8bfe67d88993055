"""How long an event takes from the commit of an order to ten tills of the location."""
