"""Which track of a piece a tab is made of: the one asked for, or the first that suits a guitar.

Neighbours: ``score_to_tab`` and ``pipeline.importing`` ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fretscribe.errors import OptionError, TabFormatError
from fretscribe.io.score import Score, TrackKind

_MANY_TRACKS = 12
_BY_KIND: dict[TrackKind, int] = {"guitar": 0, "bass": 1, "other": 2, "drums": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackSummary:
    """What matters of a track when one is chosen."""

    name: str
    kind: TrackKind
    n_notes: int
    has_strings: bool
    n_staves: int = 1


def summaries_of(score: Score) -> list[TrackSummary]:
    """The tracks of a score."""
    return [
        TrackSummary(
            name=t.name,
            kind=t.kind,
            n_notes=t.n_notes,
            has_strings=bool(t.open_pitches),
            n_staves=t.n_staves,
        )
        for t in score.tracks
    ]


def choose_track(tracks: Sequence[TrackSummary], wanted: str | None, file: str) -> int:
    """Index of a track.

    Parameters
    ----------
    tracks : sequence of TrackSummary
    wanted : str, or None
        Number from 1, or name (any case, a part that fits one track only will do). None takes the first
        guitar with notes, else the first bass, else the first other track with strings and notes, else one
        with pitches on a single staff; where no track has notes, the first in the same order.
    file : str
        What to call the file in messages.

    Raises
    ------
    OptionError
        If no track, or more than one, is meant.
    TabFormatError
        If all tracks are drum kits.
    """
    if wanted is not None:
        return _named(tracks, wanted, file)
    suited = [i for i, track in enumerate(tracks) if track.kind != "drums"]
    if not suited:
        raise TabFormatError(f"{file}: has no track but drums: {_listed(tracks) or 'none at all'}")
    return min(suited, key=lambda i: (_rank(tracks[i]), i))


def _rank(track: TrackSummary) -> tuple[bool, bool, bool, int]:
    return (track.n_notes == 0, not track.has_strings, track.n_staves > 1, _BY_KIND[track.kind])


def _named(tracks: Sequence[TrackSummary], wanted: str, file: str) -> int:
    text = wanted.strip()
    if text.isascii() and text.isdigit() and len(text) < 6:
        if not 1 <= int(text) <= len(tracks):
            raise OptionError(f"{file}: has no track {text}", mend=f"it has {_listed(tracks)}")
        return int(text) - 1
    names = [track.name.strip().casefold() for track in tracks]
    asked = text.casefold()
    found = [i for i, name in enumerate(names) if name == asked]
    found = found or [i for i, name in enumerate(names) if asked and asked in name]
    if len(found) != 1:
        how = "no track" if not found else f"{len(found)} tracks"
        raise OptionError(f"{file}: has {how} named {text!r}", mend=f"it has {_listed(tracks)}")
    return found[0]


def told_choice(tracks: Sequence[TrackSummary], index: int) -> tuple[str, ...]:
    """A warning that says which track is read and which are not; none where there is only one."""
    if len(tracks) < 2:
        return ()
    others = _listed(tracks, but=index)
    return (f"track {index + 1} {tracks[index].name[:40]!r} is read; not read: {others}",)


def _listed(tracks: Sequence[TrackSummary], but: int | None = None) -> str:
    told = [f"{i + 1} {t.name[:40]!r} ({t.kind})" for i, t in enumerate(tracks) if i != but]
    if len(told) > _MANY_TRACKS:
        told = [*told[:_MANY_TRACKS], f"{len(told) - _MANY_TRACKS} more"]
    return ", ".join(told)
