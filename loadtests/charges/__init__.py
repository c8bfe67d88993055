"""What a card payment costs in time beside the provider's own, with Stripe simulated on this machine."""
