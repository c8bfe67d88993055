"""Settings of the property tests of this addon: the same examples every time, and no judgement of the machine."""

from hypothesis import HealthCheck, settings

settings.register_profile("fynlo", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fynlo")
