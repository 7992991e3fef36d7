"""Which of a search's rows are wanted, and in which order.

A rating of few votes says little: it is drawn to a typical one as by `PRIOR_VOTES` more votes. Pure.
Neighbours: ``pages`` makes the rows, ``ug`` works through them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fretscribe.collect.pages import Kind, SearchRow

PRIOR_RATING = 3.5
"""Stars of a tab that nobody has voted on."""

PRIOR_VOTES = 10
"""How many votes that belief is worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a search gave.

    Attributes
    ----------
    rows : tuple of SearchRow
        The wanted ones, the best first, none twice.
    n_other_names : int
        Rows of other artists or songs.
    n_other_kinds : int
        Rows of kinds that are not wanted, or that are no text.
    n_closed : int
        Rows that want an account; they are left alone.
    """

    rows: tuple[SearchRow, ...]
    n_other_names: int
    n_other_kinds: int
    n_closed: int


def select(rows: Iterable[SearchRow], *, artist: str, song: str | None, kinds: Sequence[Kind]) -> Selection:
    """Keep what is wanted and put the best first: by kind in the order of ``kinds``, then by score and votes.

    Parameters
    ----------
    rows : iterable of SearchRow
    artist : str
        Case, accents, signs and a leading "the" do not matter.
    song : str, optional
        Words that follow each other in the song's name.
    kinds : sequence of {"tabs", "bass", "chords"}
    """
    unique = {row.tab_id: row for row in rows}.values()
    named = [row for row in unique if _same_artist(row.artist, artist) and _has_song(row.song, song)]
    of_kind = [row for row in named if row.kind in kinds]
    is_open = [row for row in of_kind if row.is_open]

    def order(row: SearchRow) -> tuple[int, float, int, int]:
        place = len(kinds) if row.kind is None else kinds.index(row.kind)
        return (place, -score(row), -row.votes, row.tab_id)

    return Selection(
        rows=tuple(sorted(is_open, key=order)),
        n_other_names=len(unique) - len(named),
        n_other_kinds=len(named) - len(of_kind),
        n_closed=len(of_kind) - len(is_open),
    )


def score(row: SearchRow) -> float:
    """A rating that knows how many voted: the mean of all votes and of `PRIOR_VOTES` typical ones.

    >>> lone = SearchRow(tab_id=1, artist="a", song="s", url="u", kind="tabs", votes=1, rating=5.0)
    >>> praised = SearchRow(tab_id=2, artist="a", song="s", url="u", kind="tabs", votes=400, rating=4.8)
    >>> score(lone) < score(praised)
    True
    """
    return (row.votes * row.rating + PRIOR_VOTES * PRIOR_RATING) / (row.votes + PRIOR_VOTES)


def plain_name(name: str) -> str:
    """A name as it is compared: lower case, letters and digits only, accents gone.

    >>> plain_name("Mötley  Crüe!")
    'motley crue'
    """
    # Accents are taken off Latin letters alone; in other scripts such marks are letters of their own.
    parts = [
        part
        for character in name
        for part in (unicodedata.normalize("NFKD", character) if ord(character) < 0x250 else character)
        if not unicodedata.combining(part) or ord(character) >= 0x250
    ]
    text = "".join(parts).casefold().replace("&", " and ").replace("'", "").replace("\u2019", "")
    return " ".join(re.sub(r"[\W_]+", " ", text).split())


def _same_artist(found: str, wanted: str) -> bool:
    names = [plain_name(name).removeprefix("the ") for name in (found, wanted)]
    if not all(names):  # names of signs alone
        return found.strip().casefold() == wanted.strip().casefold()
    return names[0] == names[1]


def _has_song(found: str, wanted: str | None) -> bool:
    if wanted is None:
        return True
    words = plain_name(wanted)
    if not words:
        return wanted.strip().casefold() in found.casefold()
    return f" {words} " in f" {plain_name(found)} "
