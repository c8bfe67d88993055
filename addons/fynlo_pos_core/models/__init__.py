from . import system
from . import events
from . import settings
from . import catalogue
from . import identity
from . import orders
from . import kitchen
from . import cash
