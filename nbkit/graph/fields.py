"""The ground that every model of the run graph stands on: how values are taken."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError


def json_spelling(value: object) -> object:
    """Return numbers and booleans as the text that JSON has for them; leave the rest alone."""
    return json.dumps(value) if isinstance(value, bool | int | float) else value


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "a boolean is no number")
    return value


def _number_or_name(value: object) -> int | str:
    if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
        return value
    raise PydanticCustomError("job_reference", "must be the number or the name of a job")


Text = Annotated[str, BeforeValidator(json_spelling)]
"""A string; numbers and booleans are taken as their JSON spelling, as Databricks does."""

FilledText = Annotated[str, Field(min_length=1), BeforeValidator(json_spelling)]
"""A string that says something."""

Whole = Annotated[int, BeforeValidator(_no_boolean)]
"""A whole number, also one in quotes."""

Count = Annotated[int, Field(ge=0), BeforeValidator(_no_boolean)]
"""A whole number that is not negative."""

JobReference = Annotated[
    int | str, PlainValidator(_number_or_name, json_schema_input_type=int | str)
]
"""The number of a job, as the API has it, or its name."""


class Part(BaseModel):
    """A piece of a job definition: frozen, with every unknown field kept.

    A field that is null counts as not given, so `model_dump(exclude_unset=True)` returns what
    was given and nothing else.
    """

    model_config = ConfigDict(
        extra="allow",
        frozen=True,
        populate_by_name=True,
        serialize_by_alias=True,
        hide_input_in_errors=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:
        if isinstance(data, dict) and any(value is None for value in data.values()):
            return {name: value for name, value in data.items() if value is not None}
        return data
