"""Hypothesis without a time limit for each example: tests also run on busy machines."""

from hypothesis import settings

settings.register_profile("steady", deadline=None)
settings.load_profile("steady")
