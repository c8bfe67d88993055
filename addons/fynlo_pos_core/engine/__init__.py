"""What an order costs and how it looks: computed in memory, without the ORM."""
