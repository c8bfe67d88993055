from . import attention, company, company_settings, location, location_clock
