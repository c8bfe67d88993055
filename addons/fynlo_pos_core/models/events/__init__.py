from . import topic, outbox
