from . import company, location
