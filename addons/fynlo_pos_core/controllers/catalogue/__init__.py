from . import menu
