"""A folder of a log, as far as who reads commits looks into it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Log:
    files: dict[str, str] = field(default_factory=dict)
    name: str = ""

    def __truediv__(self, name):
        return Log(self.files, name)

    def read(self):
        return self.files.get(self.name)
