from . import attention, company, company_settings, location, location_clock
from . import settings_version, settings_section, settings_service, settings_part
from . import section_trade, section_till, section_office
