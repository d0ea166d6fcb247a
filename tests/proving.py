"""How many examples a property test tries: a few in CI, ten times as many in `make prove`."""

from __future__ import annotations

from hypothesis import settings

_TIMES = 10


def of_examples(few: int) -> settings:
    """Return the settings of a test that tries `few` examples in CI; put it above the test."""
    proving = settings.get_current_profile_name() == "prove"
    return settings(max_examples=few * _TIMES if proving else few)
