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
from fretscribe.io.alphatex_writer import render_alphatex
from fretscribe.io.ascii_tab import text_losses, write_ascii
from fretscribe.io.atomic import write_bytes
from fretscribe.io.engraver import find_engraver, render_pdf
from fretscribe.io.files import read_limited
from fretscribe.io.gpif_writer import render_gp
from fretscribe.io.jams import parse_jams, render_jams
from fretscribe.io.lilypond_writer import render_lilypond
from fretscribe.io.losses import lost_techniques
from fretscribe.io.midi import parse_midi, render_midi
from fretscribe.io.musicxml_reader import parse_musicxml
from fretscribe.io.musicxml_writer import render_musicxml
from fretscribe.io.page_options import PageOptions
from fretscribe.io.score import Score
from fretscribe.io.score_to_tab import score_to_tab
from fretscribe.io.tab_csv import csv_losses, render_csv
from fretscribe.io.tab_json import parse_tab_json, render_tab_json
from fretscribe.io.tab_to_score import tab_to_score, told_losses
from fretscribe.io.text_tab_reader import parse_text
from fretscribe.music import Tab
from fretscribe.result import Transcription

_MAX_BYTES = 256_000_000
_PLAIN = PageOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class TabFormat:
    """A file format: its name (as ``-f`` takes it), its suffixes (the first is written), what it can do.

    A format of scores has several tracks; it is read by ``score`` instead of ``parse``. One that is drawn for
    people is written by ``draw`` instead of ``render``. ``losses`` says what a file of this tab would lack,
    such as "3 bends of unknown height". ``require`` raises where this machine lacks what writing needs.
    ``holds_recording``: the very recording goes into the file, where it is still there.
    """

    name: str
    suffixes: tuple[str, ...]
    render: Callable[[Transcription], bytes] | None = None
    draw: Callable[[Transcription, PageOptions], bytes] | None = None
    losses: Callable[[Transcription], tuple[str, ...]] | None = None
    require: Callable[[], None] | None = None
    parse: Callable[[bytes, str], Transcription] | None = None
    score: Callable[[bytes, str], Score] | None = None
    holds_recording: bool = False


def _draw_text(result: Transcription, page: PageOptions) -> bytes:
    return write_ascii(result.tab, string_names=page.string_names).encode("utf-8", "replace")


def _render_midi(result: Transcription) -> bytes:
    return render_midi(result.tab)


def _render_csv(result: Transcription) -> bytes:
    return render_csv(result.tab)


def _losses_of_text(result: Transcription) -> tuple[str, ...]:
    return text_losses(result.tab)


def _losses_of_sound(result: Transcription) -> tuple[str, ...]:
    return lost_techniques(result.tab)


def _losses_of_csv(result: Transcription) -> tuple[str, ...]:
    return csv_losses(result.tab)


def _losses_of_score(result: Transcription) -> tuple[str, ...]:
    return told_losses(tab_to_score(result.tab))


def _render_gp(result: Transcription) -> bytes:
    return render_gp(tab_to_score(result.tab))


def _render_alphatex(result: Transcription) -> bytes:
    return render_alphatex(tab_to_score(result.tab))


def _render_gp5(result: Transcription) -> bytes:
    from fretscribe.io.guitar_pro_writer import render_gp5  # takes half a second to load

    return render_gp5(tab_to_score(result.tab))


def _losses_of_gp5(result: Transcription) -> tuple[str, ...]:
    from fretscribe.io.guitar_pro_writer import gp5_losses

    return gp5_losses(tab_to_score(result.tab))


def _render_musicxml(result: Transcription) -> bytes:
    return render_musicxml(tab_to_score(result.tab))


def _render_lilypond(result: Transcription) -> bytes:
    return render_lilypond(tab_to_score(result.tab))


def _render_pdf(result: Transcription) -> bytes:
    return render_pdf(tab_to_score(result.tab))


def _render_synced_gp(result: Transcription) -> bytes:
    from fretscribe.io.synced_gp import render_synced_gp  # loads what reads recordings

    return render_synced_gp(result)


def _losses_of_synced_gp(result: Transcription) -> tuple[str, ...]:
    from fretscribe.io.synced_gp import synced_gp_losses

    return synced_gp_losses(result)


def _render_html(result: Transcription) -> bytes:
    from fretscribe.io.html_writer import render_html  # loads what reads recordings

    return render_html(result)


def _losses_of_html(result: Transcription) -> tuple[str, ...]:
    from fretscribe.io.html_writer import html_losses

    return html_losses(result)


def _require_engraver() -> None:
    find_engraver()


def _score_of_guitar_pro(data: bytes, name: str) -> Score:
    from fretscribe.io.guitar_pro_reader import parse_guitar_pro  # takes half a second to load

    return parse_guitar_pro(data, name)


FORMATS: Mapping[str, TabFormat] = MappingProxyType(
    {
        f.name: f
        for f in (
            TabFormat(
                name="txt",
                suffixes=(".tab.txt", ".txt", ".tab"),
                draw=_draw_text,
                losses=_losses_of_text,
                parse=parse_text,
            ),
            TabFormat(
                name="mid",
                suffixes=(".mid", ".midi"),
                render=_render_midi,
                losses=_losses_of_sound,
                parse=parse_midi,
            ),
            TabFormat(name="json", suffixes=(".json",), render=render_tab_json, parse=parse_tab_json),
            TabFormat(
                name="jams",
                suffixes=(".jams",),
                render=render_jams,
                losses=_losses_of_sound,
                parse=parse_jams,
            ),
            TabFormat(name="csv", suffixes=(".csv",), render=_render_csv, losses=_losses_of_csv),
            TabFormat(
                name="gp5",
                suffixes=(".gp5",),
                render=_render_gp5,
                losses=_losses_of_gp5,
                score=_score_of_guitar_pro,
            ),
            TabFormat(name="gp4", suffixes=(".gp4", ".gp3"), score=_score_of_guitar_pro),
            TabFormat(
                name="gp",
                suffixes=(".gp",),
                render=_render_gp,
                losses=_losses_of_score,
                score=_score_of_guitar_pro,
            ),
            TabFormat(
                name="gp-synced",
                suffixes=(".synced.gp",),
                render=_render_synced_gp,
                losses=_losses_of_synced_gp,
                score=_score_of_guitar_pro,
                holds_recording=True,
            ),
            TabFormat(name="gpx", suffixes=(".gpx",), score=_score_of_guitar_pro),
            TabFormat(
                name="alphatex",
                suffixes=(".alphatex", ".atex"),
                render=_render_alphatex,
                losses=_losses_of_score,
            ),
            TabFormat(
                name="musicxml",
                suffixes=(".musicxml", ".xml"),
                render=_render_musicxml,
                losses=_losses_of_score,
                score=parse_musicxml,
            ),
            TabFormat(name="mxl", suffixes=(".mxl",), score=parse_musicxml),
            TabFormat(name="ly", suffixes=(".ly",), render=_render_lilypond, losses=_losses_of_score),
            TabFormat(
                name="pdf",
                suffixes=(".pdf",),
                render=_render_pdf,
                losses=_losses_of_score,
                require=_require_engraver,
            ),
            TabFormat(
                name="html",
                suffixes=(".html",),
                render=_render_html,
                losses=_losses_of_html,
                holds_recording=True,
            ),
        )
    }
)
WRITABLE: tuple[str, ...] = tuple(f.name for f in FORMATS.values() if f.render or f.draw)
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


def render_tab(result: Transcription | Tab, format_name: str, *, page: PageOptions = _PLAIN) -> bytes:
    """The bytes of a tab file; the same input gives the same bytes. ``page`` says how to draw for people.

    Raises
    ------
    OptionError
        If there is no such format, or it can only be read.
    OutputError
        If the format cannot hold this tab.
    """
    if isinstance(result, Tab):
        result = Transcription(tab=result)
    found = _format(format_name)
    if found.draw is not None:
        return found.draw(result, page)
    if found.render is None:
        raise OptionError(
            f"{format_name} files can be read but not written", mend=f"writable are: {', '.join(WRITABLE)}"
        )
    return found.render(result)


def losses_of(result: Transcription, format_name: str) -> str:
    """What a file of this format cannot hold of this tab, as one line; "" where nothing is lost.

    Raises
    ------
    OptionError
        If there is no such format.
    OutputError
        If the format cannot hold this tab at all.
    """
    found = _format(format_name)
    lost = () if found.losses is None else found.losses(result)
    return f"not in the {found.suffixes[0]} file: {'; '.join(lost)}" if lost else ""


def write_tab(
    result: Transcription | Tab, path: Path | str, *, force: bool = False, page: PageOptions = _PLAIN
) -> None:
    """Write a tab in the format of the path's suffix, whole or not at all.

    Raises
    ------
    OptionError
        If no format has this suffix.
    OutputError
        If the file exists (without ``force``) or cannot be written.
    """
    write_bytes(path, render_tab(result, format_of(path), page=page), force=force)


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
