"""What a person chooses about a definition, and what only its surroundings know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.errors import Severity


@dataclass(frozen=True, slots=True)
class Choice:
    """How to read a definition.

    Attributes:
        target: of a bundle; None for its default.
        variables: values of `${var.…}` that a person gives, above all others.
        environment: values from `BUNDLE_VAR_…`, above the bundle's own.
        overrides: for targets, the text of their `variable-overrides.json`; its values come after
            those of the environment.
        files: what the bundle includes: name relative to its main file → text.
        facts: what the document cannot say, such as `workspace.file_path`, by dotted name.
        undeclared: how bad a `${…}` is that has no value.
    """

    target: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    undeclared: Severity = "warning"


AS_IT_IS = Choice()
