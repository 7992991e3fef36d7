"""What readers of a tab may choose of its looks.

Neighbours: ``formats`` hands these to the formats that draw for people; the command line fills them in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from fretscribe.errors import OptionError

StringNames = Literal["letters", "pitches", "numbers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOptions:
    """How tabs for people are drawn.

    Attributes
    ----------
    string_names : "letters", "pitches" or "numbers"
        What stands before a string: ``E``, ``E2``, or ``6`` (1 = highest).

    Raises
    ------
    OptionError
        If a value is none of these.
    """

    string_names: StringNames = "letters"

    def __post_init__(self) -> None:
        if self.string_names not in get_args(StringNames):
            mend = f"choose from {', '.join(get_args(StringNames))}"
            raise OptionError(f"string_names cannot be {self.string_names!r}", mend=mend)
