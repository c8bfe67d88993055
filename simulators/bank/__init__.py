"""A bank on this machine that speaks the wire format of TrueLayer Payments v3."""
