"""Which suffix means which tab format: the one place that writers and readers join.

Knows formats by name and nothing of their contents. Neighbours: ``ascii_tab``, ``midi``, ``tab_json``,
``jams`` and the score readers do the work, ``atomic`` puts bytes on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from fretscribe.errors import OptionError
from fretscribe.io.ascii_tab import write_ascii
from fretscribe.io.atomic import write_bytes
from fretscribe.io.files import read_limited
from fretscribe.io.jams import parse_jams, render_jams
from fretscribe.io.midi import parse_midi, render_midi
from fretscribe.io.musicxml_reader import parse_musicxml
from fretscribe.io.score import Score
from fretscribe.io.score_to_tab import score_to_tab
from fretscribe.io.tab_json import parse_tab_json, render_tab_json
from fretscribe.io.text_tab_reader import parse_text
from fretscribe.music import Tab
from fretscribe.result import Transcription

_MAX_BYTES = 256_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TabFormat:
    """A file format: its name (as ``-f`` takes it), its suffixes (the first is written), what it can do.

    A format of scores has several tracks; it is read by ``score`` instead of ``parse``.
    """

    name: str
    suffixes: tuple[str, ...]
    render: Callable[[Transcription], bytes] | None = None
    parse: Callable[[bytes, str], Transcription] | None = None
    score: Callable[[bytes, str], Score] | None = None


def _render_text(result: Transcription) -> bytes:
    return write_ascii(result.tab).encode("utf-8", "replace")


def _render_midi(result: Transcription) -> bytes:
    return render_midi(result.tab)


def _score_of_guitar_pro(data: bytes, name: str) -> Score:
    from fretscribe.io.guitar_pro_reader import parse_guitar_pro  # takes half a second to load

    return parse_guitar_pro(data, name)


FORMATS: Mapping[str, TabFormat] = MappingProxyType(
    {
        f.name: f
        for f in (
            TabFormat(
                name="txt", suffixes=(".tab.txt", ".txt", ".tab"), render=_render_text, parse=parse_text
            ),
            TabFormat(name="mid", suffixes=(".mid", ".midi"), render=_render_midi, parse=parse_midi),
            TabFormat(name="json", suffixes=(".json",), render=render_tab_json, parse=parse_tab_json),
            TabFormat(name="jams", suffixes=(".jams",), render=render_jams, parse=parse_jams),
            TabFormat(name="gp5", suffixes=(".gp5", ".gp4", ".gp3"), score=_score_of_guitar_pro),
            TabFormat(name="gp", suffixes=(".gp", ".gpx"), score=_score_of_guitar_pro),
            TabFormat(name="musicxml", suffixes=(".musicxml", ".mxl", ".xml"), score=parse_musicxml),
        )
    }
)
WRITABLE: tuple[str, ...] = tuple(f.name for f in FORMATS.values() if f.render is not None)
READABLE: tuple[str, ...] = tuple(f.name for f in FORMATS.values() if f.parse or f.score)
SCORES: tuple[str, ...] = tuple(f.name for f in FORMATS.values() if f.score is not None)


def format_of(path: Path | str) -> str:
    """The format that a file name's suffix (the longest that is known, any case) stands for.

    Raises
    ------
    OptionError
        If no format has this suffix; the mend lists those that exist.

    >>> format_of("song.tab.txt"), format_of("A/SONG.MIDI")
    ('txt', 'mid')
    """
    name = Path(path).name.lower()
    matches = [(len(s), f.name) for f in FORMATS.values() for s in f.suffixes if name.endswith(s)]
    if not matches:
        known = ", ".join(s for f in FORMATS.values() for s in f.suffixes)
        suffix = Path(path).suffix
        what = f"no tab format has the suffix {suffix!r}" if suffix else "the name has no suffix"
        raise OptionError(f"{path}: {what}", mend=f"these exist: {known}")
    return max(matches)[1]


def suffix_of(format_name: str) -> str:
    """The suffix to write a format with.

    Raises
    ------
    OptionError
        If there is no such format.

    >>> suffix_of("txt")
    '.tab.txt'
    """
    return _format(format_name).suffixes[0]


def render_tab(result: Transcription | Tab, format_name: str) -> bytes:
    """The bytes of a tab file; the same input gives the same bytes.

    Raises
    ------
    OptionError
        If there is no such format, or it can only be read.
    OutputError
        If the format cannot hold this tab.
    """
    if isinstance(result, Tab):
        result = Transcription(tab=result)
    render = _format(format_name).render
    if render is None:
        raise OptionError(
            f"{format_name} files can be read but not written", mend=f"writable are: {', '.join(WRITABLE)}"
        )
    return render(result)


def write_tab(result: Transcription | Tab, path: Path | str, *, force: bool = False) -> None:
    """Write a tab in the format of the path's suffix, whole or not at all.

    Raises
    ------
    OptionError
        If no format has this suffix.
    OutputError
        If the file exists (without ``force``) or cannot be written.
    """
    write_bytes(path, render_tab(result, format_of(path)), force=force)


def read_tab(path: Path | str, *, track: str | None = None, unroll: bool = False) -> Transcription:
    """Read a tab in the format of the path's suffix; only ``.json`` keeps stages and confidence.

    Of a score (Guitar Pro, MusicXML) one track is read. A file that names pitches but no strings is refused;
    ``pipeline.import_tab`` fingers it.

    Parameters
    ----------
    path : path or str
    track : str, optional
        Number (from 1) or name of the track; see `score_to_tab` for the one that is taken without.
    unroll : bool
        Whether repeats are played as often as they sound.

    Raises
    ------
    OptionError
        If no format has this suffix, its format can only be written, or has no tracks or repeats.
    TabFormatError
        If the file is absent or broken; the message names the file and the place.
    """
    found = _format(format_of(path))
    if found.score is not None:
        return score_to_tab(read_score(path), track=track, unroll=unroll)
    if found.parse is parse_text and track is None:
        return parse_text(read_limited(path, _MAX_BYTES), str(path), unroll=unroll)
    if track is not None or unroll:
        raise OptionError(f"{path}: {found.name} files have no tracks to choose from and no repeats")
    if found.parse is None:
        raise OptionError(
            f"{path}: {found.name} tabs can be written but not read",
            mend=f"readable are: {', '.join(s for n in READABLE for s in FORMATS[n].suffixes)}",
        )
    return found.parse(read_limited(path, _MAX_BYTES), str(path))


def read_score(path: Path | str) -> Score:
    """Read all tracks of a score in the format of the path's suffix.

    Raises
    ------
    OptionError
        If no format has this suffix, or its files are no scores.
    TabFormatError
        If the file is absent or broken; the message names the file and the place.
    """
    found = _format(format_of(path))
    if found.score is None:
        suffixes = ", ".join(s for n in SCORES for s in FORMATS[n].suffixes)
        raise OptionError(f"{path}: {found.name} files are no scores", mend=f"scores are: {suffixes}")
    return found.score(read_limited(path, _MAX_BYTES), str(path))


def _format(name: str) -> TabFormat:
    if name not in FORMATS:
        raise OptionError(f"there is no tab format {name!r}", mend=f"these exist: {', '.join(FORMATS)}")
    return FORMATS[name]
