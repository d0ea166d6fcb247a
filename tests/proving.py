"""How many examples a property test tries: a few in CI, ten times as many in `make prove`."""

from __future__ import annotations

from typing import Any

from hypothesis import settings

_TIMES = 10


def of_examples(few: int, **more: Any) -> settings:
    """Return the settings of a test that tries `few` examples in CI, and any others it needs."""
    proving = settings.get_current_profile_name() == "prove"
    return settings(max_examples=few * _TIMES if proving else few, **more)
