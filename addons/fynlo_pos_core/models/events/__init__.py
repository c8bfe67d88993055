from . import topic, outbox
from . import event_title, event_health
from . import change_feed
