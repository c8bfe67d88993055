from . import providers
from . import models
from . import controllers
