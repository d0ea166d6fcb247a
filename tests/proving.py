"""How many examples a property test tries: a few in CI, ten times as many in `make prove`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings

_TIMES = 10


def of_examples(few: int, **more: Any) -> settings:
    """Return the settings of a test that tries `few` examples in CI, and any others it needs."""
    proving = settings.get_current_profile_name() == "prove"
    return settings(max_examples=few * _TIMES if proving else few, **more)


def rounds(few: int, many: int) -> int:
    """How often to try what hypothesis does not repeat: few times in CI, many for a proof."""
    return many if settings.get_current_profile_name() == "prove" else few


only_when_proving = pytest.mark.skipif(
    settings.get_current_profile_name() != "prove", reason="takes minutes: make prove"
)
