"""What is known of a collected tab: the metadata file beside its text, and how both are named.

Joins what the search's row and the tab's own page say; the page knows better. Knows no files. Neighbours:
``pages`` reads both, ``library`` writes this.
"""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass

from fretscribe.collect.pages import Kind, SearchRow, TabPage
from fretscribe.errors import TabFormatError

SCHEMA = "fretscribe-collected/1"
_MAX_NAME_CHARS = 40  # of up to 4 bytes each: with the rest a file's name stays below 255 bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TabInfo:
    """The metadata of one tab; None is what the site does not say.

    Attributes
    ----------
    tab_id, version, votes : int
    artist, song, part, url : str
    kind : {"tabs", "bass", "chords"}
    rating : float
        0 to 5.
    tuning_name, tuning_value, key, difficulty : str, or None
    capo : int, or None
    tempo_bpm : float, or None
    fetched_at : str
        ISO 8601, with its time zone.
    """

    tab_id: int
    artist: str
    song: str
    kind: Kind
    part: str
    version: int
    votes: int
    rating: float
    tuning_name: str | None
    tuning_value: str | None
    capo: int | None
    tempo_bpm: float | None
    key: str | None
    difficulty: str | None
    url: str
    fetched_at: str

    @property
    def folder(self) -> str:
        """Name of the artist's folder."""
        return file_name(self.artist)

    @property
    def stem(self) -> str:
        """What the names of its two files begin with; the id makes it unique."""
        part = f"-{file_name(self.part)}" if self.part else ""
        return f"{file_name(self.song)}-{self.kind}{part[:20]}-v{self.version}-{self.tab_id}"


def join(row: SearchRow, page: TabPage, *, fetched_at: str) -> TabInfo:
    """What the row and the page say together.

    Raises
    ------
    TabFormatError
        If the page shows another tab than the row promised, or one of a kind that is not collected.
    """
    if page.tab_id is not None and page.tab_id != row.tab_id:
        raise TabFormatError(f"the page shows tab {page.tab_id} in place of tab {row.tab_id}")
    if row.kind is None:
        raise TabFormatError(f"tab {row.tab_id} is of a kind that is not collected")
    return TabInfo(
        tab_id=row.tab_id,
        artist=page.artist or row.artist,
        song=page.song or row.song,
        kind=row.kind,
        part=page.part or row.part,
        version=row.version if page.version is None else page.version,
        votes=row.votes if page.votes is None else page.votes,
        rating=row.rating if page.rating is None else page.rating,
        tuning_name=page.tuning_name,
        tuning_value=page.tuning_value,
        capo=page.capo,
        tempo_bpm=page.tempo_bpm,
        key=page.key,
        difficulty=page.difficulty,
        url=row.url,
        fetched_at=fetched_at,
    )


def to_json(info: TabInfo) -> str:
    """The metadata file: readable, keys as the attributes, with `SCHEMA`."""
    members = {"schema": SCHEMA} | dataclasses.asdict(info)
    return json.dumps(members, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def file_name(name: str) -> str:
    """A name that every file system takes: small letters (of any script) and digits, dashes between.

    >>> file_name("Sun / Moon: Part 2")
    'sun-moon-part-2'
    >>> file_name("...")
    'unnamed'
    """
    words = re.sub(r"[\W_]+", "-", name.casefold()).strip("-")
    return words[:_MAX_NAME_CHARS].strip("-") or "unnamed"
