"""What a site answered to one request, and the one-method form of whoever asks it.

Knows nothing of manners or of tabs. Neighbours: ``browser`` asks with a real browser, ``visitor`` decides
when.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One page as it came, or the reason why none came.

    Attributes
    ----------
    url : str
        Where the page was found in the end, after redirects.
    status : int
        HTTP status; 0 if there was no answer at all.
    headers : mapping of str to str
        Names in lower case.
    body : str
        Empty if there was no answer.
    reason : str
        Why there was none.
    """

    url: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        if self.status != 0 and not 100 <= self.status <= 999:
            raise ValueError(f"{self.status} is no HTTP status")


class Fetcher(Protocol):
    """Asks for one page, once, and waits for nobody."""

    def fetch(self, url: str) -> Answer:
        """The answer; trouble on the way is an `Answer` of status 0, not an exception."""
        ...
