from . import approval_policy
from . import approval
from . import approval_service
from . import reason
from . import giveaway
