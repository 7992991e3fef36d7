"""A folder of tabs of any format: which files are tabs, which song each is of, and how each is read.

Versions of a song share a name and so a song. A text from ``collect`` has its metadata beside it: they are no
tab, and tell what the text itself does not say. Reading of other formats is passed in (``pipeline`` fingers
what has no strings). Neighbours: ``tab_set`` makes arrays of what is found here, ``io`` reads.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from fretscribe.convert import counted
from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS
from fretscribe.errors import DatasetError, OptionError, TabFormatError
from fretscribe.io.files import read_limited
from fretscribe.io.formats import FORMATS, READABLE, SCORES, format_of
from fretscribe.io.text_tab_header import FASTEST_BPM, SLOWEST_BPM
from fretscribe.io.text_tab_reader import ParsedTextTab, read_text_tab
from fretscribe.music import Tab, Tuning
from fretscribe.result import Transcription
from fretscribe.tunings import parse_tuning

COLLECTED_SCHEMA = "fretscribe-collected/1"
"""Schema of the metadata that ``collect`` writes beside a text."""

TempoFrom = Literal["given", "file", "metadata", "default"]

ReadOther = Callable[..., Transcription]
"""``pipeline.import_tab``: path and ``unroll`` -> what is in a file that is no text."""

TEXT_RING_S = 0.4
"""Longest that a note of a text lasts. A text draws no ends, and hands stop strings long before the bar is
over: of 0.15 to 1 s this gave, on 50 annotated GuitarSet tracks turned into text, the frames nearest to what
was played."""

_MAX_FACTS_BYTES = 1_000_000
_SUFFIXES = tuple(s for name in READABLE for s in FORMATS[name].suffixes)
_GUITARSET_NAME = re.compile(r"(0[0-5])_[A-Za-z]+\d-\d+-[A-G][#b]?_(?:comp|solo)")
_COLLECTED_NAME = re.compile(r"-(?:tabs|bass|chords)(?:-[\w-]{1,20})?-v\d+-\d+$")
_VERSION = re.compile(
    r"(?:[\s_-]+|\b)(?:\((?:ver(?:sion)?\.?\s*|v)?\d+\)|\[\w+ ?\d*\]|v(?:er(?:sion)?)?[. _-]?\d+"
    r"|\(?(?:guitar )?(?:tabs?|chords?|bass|guitar pro|gp[345x]?)\)?)$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TabFile:
    """A file that holds a tab, or should.

    Attributes
    ----------
    path : Path
    name : str
        From the folder, with ``/``; for messages.
    track : str
        Name in the arrays: the file's without suffix, or with its folder where two have the same.
    song : str
        What splits are made by: ``song:`` and its name without version; for a tab of a GuitarSet recording
        the player who made it.
    """

    path: Path
    name: str
    track: str
    song: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedTab:
    """A tab that was read, and where its tempo comes from (``default`` is assumed)."""

    tab: Tab
    tempo_from: TempoFrom
    warnings: tuple[str, ...] = ()


def find_tabs(folder: Path, *, leave_out: Path | None = None) -> tuple[TabFile, ...]:
    """The tabs of a folder and its subfolders, by name.

    Parameters
    ----------
    folder : Path
    leave_out : Path, optional
        A folder in it that holds something else: where the arrays go.

    Raises
    ------
    DatasetError
        If the folder is not there or holds no file of a format that is read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DatasetError(f"{folder} is no folder")
    away = None if leave_out is None else leave_out.resolve()
    paths = [path for path in sorted(folder.rglob("*")) if _may_be_a_tab(path, folder, away)]
    if not paths:
        raise DatasetError(f"{folder} holds no tabs", mend=f"these suffixes are read: {', '.join(_SUFFIXES)}")
    stems = [without_suffix(path) for path in paths]
    twice = {stem for stem, count in Counter(stems).items() if count > 1}
    found = []
    for path, stem in zip(paths, stems, strict=True):
        name = path.relative_to(folder).as_posix()
        # A recording that nothing may learn from is known by its track's name: it keeps it.
        is_plain = stem not in twice or stem in DEVELOPMENT_TRACKS
        found.append(TabFile(path=path, name=name, track=stem if is_plain else name, song=_song_of(path)))
    return tuple(found)


def _may_be_a_tab(path: Path, folder: Path, away: Path | None) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    if hidden or not path.name.lower().endswith(_SUFFIXES) or not path.is_file():
        return False
    if away is not None and path.resolve().is_relative_to(away):
        return False
    return not (path.suffix.lower() == ".json" and _facts(path))


def without_suffix(path: Path) -> str:
    """A file's name without the longest suffix that is known."""
    lower = path.name.lower()
    return path.name[: -max(len(s) for s in _SUFFIXES if lower.endswith(s))]


def _facts(path: Path) -> dict[str, object]:
    """The metadata of a collected text; empty if the file is something else."""
    try:
        members = json.loads(read_limited(path, _MAX_FACTS_BYTES))
    except (TabFormatError, ValueError, RecursionError):
        return {}
    if not isinstance(members, dict) or members.get("schema") != COLLECTED_SCHEMA:
        return {}
    return members


def _facts_beside(path: Path) -> dict[str, object]:
    beside = path.with_suffix(".json")
    return _facts(beside) if path.suffix.lower() == ".txt" and beside.is_file() else {}


def _song_of(path: Path) -> str:
    stem = without_suffix(path)
    played = _GUITARSET_NAME.fullmatch(stem)
    if played is not None:
        return played[1]
    song = _facts_beside(path).get("song")
    return song_key(song if isinstance(song, str) and song.strip() else stem)


def song_key(name: str) -> str:
    """What all versions of a song are called, without artist, version and kind of tab.

    >>> song_key("Some Band - My Song (ver 2)"), song_key("my-song-tabs-v2-12345"), song_key("My_Song v3 tab")
    ('song:my-song', 'song:my-song', 'song:my-song')
    """
    text = _COLLECTED_NAME.sub("", name.casefold()).rpartition(" - ")[2].strip()
    while True:
        shorter = _VERSION.sub("", text).strip(" -_")
        if shorter == text or not shorter:
            break
        text = shorter
    return "song:" + (re.sub(r"[\W_]+", "-", text).strip("-") or "unnamed")


def load_tab(
    path: Path,
    *,
    read_other: ReadOther,
    bpm: float | None = None,
    ring_s: float = TEXT_RING_S,
    unroll: bool = False,
) -> LoadedTab:
    """Read a tab of any format.

    Parameters
    ----------
    path : Path
    read_other : callable
        Reads what is no text tab.
    bpm : float, optional
        Tempo of text tabs, whatever they say; other formats have their own.
    ring_s : float
        Longest that a note of a text lasts, but for those marked to ring.
    unroll : bool
        Play repeats of scores and texts out.

    Raises
    ------
    TabFormatError
        If the file is broken.
    OptionError
        If ``bpm`` is out of range.
    """
    form = format_of(path)
    if form == "txt":
        loaded = _load_text(path, bpm=bpm, unroll=unroll)
        return replace(loaded, tab=_stopped(loaded.tab, ring_s))
    result = read_other(path, unroll=unroll and form in SCORES)
    return LoadedTab(tab=result.tab, tempo_from="file", warnings=result.warnings)


def check_text_options(*, bpm: float | None, ring_s: float) -> None:
    """Refuse a tempo or a length of notes that no text tab has; `OptionError`."""
    if not ring_s > 0.0:
        raise OptionError(f"notes cannot last {ring_s:g} s", mend=f"the default is {TEXT_RING_S:g}")
    if bpm is not None and not SLOWEST_BPM <= bpm <= FASTEST_BPM:
        raise OptionError(f"a tempo lies between {SLOWEST_BPM:g} and {FASTEST_BPM:g} bpm, not {bpm:g}")


def _stopped(tab: Tab, ring_s: float) -> Tab:
    """The tab with no note longer than a time, but for those marked to ring."""
    notes = [
        note
        if "let_ring" in note.techniques or note.note.duration_s <= ring_s
        else replace(
            note,
            note=replace(note.note, offset_s=note.note.onset_s + ring_s),
            duration_beats=None,
            onset_beats=None,
        )
        for note in tab.notes
    ]
    return replace(tab, notes=tuple(notes))


def _load_text(path: Path, *, bpm: float | None, unroll: bool) -> LoadedTab:
    """A text; what it does not say itself is taken from the metadata beside it."""
    parsed = read_text_tab(path, bpm=bpm, unroll=unroll)
    facts = _facts_beside(path)
    tempo, capo = facts.get("tempo_bpm"), facts.get("capo")
    says_tempo = parsed.timing.tempo_from != "default"
    more_bpm = float(tempo) if not says_tempo and isinstance(tempo, int | float) else None
    more_capo = capo if parsed.capo_from == "default" and isinstance(capo, int) and capo > 0 else None
    more_tuning = _stated_tuning(facts) if parsed.strings.tuning_from == "default" else None
    warnings: tuple[str, ...] = ()
    if (more_bpm, more_capo, more_tuning) != (None, None, None):
        try:
            parsed = read_text_tab(
                path, bpm=more_bpm or bpm, capo=more_capo, tuning=more_tuning, unroll=unroll
            )
        except OptionError as error:
            more_bpm = None
            warnings = (f"what the site says of it is not used: {error.message}",)
    return LoadedTab(
        tab=parsed.tab,
        tempo_from=_tempo_from(parsed, from_metadata=more_bpm is not None),
        warnings=(*warnings, *_account(parsed)),
    )


def _stated_tuning(facts: dict[str, object]) -> Tuning | None:
    for key in ("tuning_value", "tuning_name"):
        text = facts.get(key)
        if isinstance(text, str) and text.strip():
            try:
                return parse_tuning(text)
            except OptionError:
                continue
    return None


def _tempo_from(parsed: ParsedTextTab, *, from_metadata: bool) -> TempoFrom:
    if from_metadata:
        return "metadata"
    return "file" if parsed.timing.tempo_from == "header" else parsed.timing.tempo_from


def _account(parsed: ParsedTextTab) -> Sequence[str]:
    n_unread = len(parsed.not_understood)
    return (f"{counted(n_unread, 'place was', 'places were')} not understood",) if n_unread else ()
