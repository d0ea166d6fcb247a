"""What names a definition, with a bundle's target and variables: the text of a command line."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Address:
    """A job with what was chosen for it; as text it can stand behind `nbkit run`.

    Attributes:
        job: a file, or `FILE:job_key`.
        target: of a bundle; None for its default.
        variables: values for `${var.…}`.
    """

    job: str
    target: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read what `str` made of an address; any other text is a job and nothing else."""
        if " --target " not in text and " --var " not in text:
            return cls(text)
        try:
            job, *options = shlex.split(text)
        except ValueError:
            return cls(text)
        pairs = list(zip(options[::2], options[1::2], strict=False))
        names = {option for option, _ in pairs}
        if len(options) % 2 or not names <= {"--target", "--var"}:
            return cls(text)
        target = next((value for option, value in pairs if option == "--target"), None)
        given = (value.partition("=") for option, value in pairs if option == "--var")
        return cls(job, target, {name: value for name, _, value in given})

    def split(self, is_there: Callable[[str], bool]) -> tuple[str, str | None]:
        """Return the file, and the key of what is meant in it; no key for the file as a whole.

        Args:
            is_there: says whether there is a file, or a folder, of a name.
        """
        file, colon, key = self.job.rpartition(":")
        return (file, key) if colon and not is_there(self.job) else (self.job, None)

    def __str__(self) -> str:
        """Return the address as one text; that of a job alone is the job."""
        options = ["--target", self.target] if self.target is not None else []
        for name, value in self.variables.items():
            options += ["--var", f"{name}={value}"]
        return shlex.join([self.job, *options]) if options else self.job
