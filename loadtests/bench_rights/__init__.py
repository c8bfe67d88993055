"""How long after a manager's change a connection has lost its rights."""
