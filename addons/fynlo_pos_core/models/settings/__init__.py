from . import company, company_settings, location, location_clock
