"""Hypothesis tries the same examples each time, so that the suite answers alike for the same code.

`pytest --hypothesis-profile=default` tries new ones at random instead.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("suite", derandomize=True)
settings.load_profile("suite")
