"""What the changes of each flow say about which columns: kept beside them, as it was then.

A change has the columns that its flow had when it came, and means by a null what its flow meant
then. So each flow's rules go for its own changes, whatever other flows, and later edits, say.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from nbkit.errors import UsageError


@dataclass(frozen=True, slots=True)
class Shape:
    """What changes of a flow say.

    Attributes:
        flow: its name.
        columns: the names of all columns that they have, in lower case.
        nulls: those of them that a null leaves as they were.
        truncates: whether some of them may empty the table.
        keys: the columns that identify a row, in lower case.
    """

    flow: str
    columns: tuple[str, ...]
    nulls: tuple[str, ...] = ()
    truncates: bool = False
    keys: tuple[str, ...] = ()


@dataclass(slots=True)
class Shapes:
    """All shapes that changes of a table have had; a change has the number of its own.

    Attributes:
        known: in the order in which they came.
        current: of each flow, the number of the one that it has now.
    """

    known: list[Shape] = field(default_factory=list)
    current: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str | None) -> Shapes:
        """Return what `text` keeps; none if there is no text."""
        kept = json.loads(text) if text else {"known": [], "current": {}}
        known = [
            Shape(
                each["flow"],
                tuple(each["columns"]),
                tuple(each["nulls"]),
                each["truncates"],
                tuple(each["keys"]),
            )
            for each in kept["known"]
        ]
        return cls(known, kept["current"])

    def text(self) -> str:
        """Return them as `read` takes them."""
        return json.dumps({"known": [asdict(each) for each in self.known], "current": self.current})

    def number_of(self, shape: Shape) -> int:
        """Return the number of a shape, which is its flow's from now on.

        Raises:
            UsageError: changes before had other keys.
        """
        for known in self.known:
            if set(known.keys) != set(shape.keys):
                were, are = ", ".join(known.keys), ", ".join(shape.keys)
                raise UsageError(
                    f"the keys of its changes were {were}, and are {are} now: a full refresh "
                    "applies all changes anew"
                )
        if shape not in self.known:
            self.known.append(shape)
        self.current[shape.flow] = self.known.index(shape)
        return self.current[shape.flow]

    def givers(self, name: str) -> tuple[list[int], list[int]]:
        """Return the shapes that say what is in a column, and those that do if it is not null.

        A column that a flow has only now was null in its earlier changes: reading them again
        would show it so.
        """
        always: list[int] = []
        unless_null: list[int] = []
        for number, shape in enumerate(self.known):
            teller = shape
            if name.lower() not in shape.columns:
                teller = self.known[self.current.get(shape.flow, number)]
            if name.lower() in teller.columns:
                (unless_null if name.lower() in teller.nulls else always).append(number)
        return always, unless_null

    @property
    def truncate(self) -> bool:
        """Say whether a change may have emptied the table."""
        return any(shape.truncates for shape in self.known)
