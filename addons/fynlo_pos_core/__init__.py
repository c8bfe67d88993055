from . import tools, rest  # before controllers: they register on the API's routing type
from . import models
from . import controllers
from .hooks import post_init_hook
