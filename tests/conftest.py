"""Settings of the whole suite."""

from hypothesis import settings

# A slow machine is no failure of a property, and a run of the suite must not differ from the one before.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")
