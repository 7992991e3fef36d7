"""A `Score` to Guitar Pro 7 and 8: the document ``score.gpif`` in a zip, a ``.gp`` file.

Holds title, artist, tuning, capo, tempo map, metre, key, a pick-up, written values with tuplets and ties,
chord symbols and the techniques. What the format cannot hold: velocities finer than eight dynamics a beat,
bends finer than a quarter tone or freer than ``bend_shapes``, probabilities, seconds (tempos keep a
thousandth), and that a key is unknown: C major then. Dynamics and small changes of tempo are played but not
drawn. Writes scores as ``tab_to_score`` makes them: one track, one voice. Neighbours: ``gpif_track_writer``,
``gpif_beats_writer`` and ``gpif_sync_writer`` write the parts, ``gpif_reader`` reads the result.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence

from fretscribe.io.gpif_beats_writer import GpifBeatTables
from fretscribe.io.gpif_sync_writer import SyncedRecording
from fretscribe.io.gpif_track_writer import chord_ids, clef_of, track_element
from fretscribe.io.gpif_xml import automation, element, text_element
from fretscribe.io.key_signatures import fifths_of_key
from fretscribe.io.score import Score, ScoreBar, ScoreTrack
from fretscribe.io.score_links import link_notes
from fretscribe.io.score_signs import only_track, plain_number, tempo_marks_of
from fretscribe.music import Key

_VERSION_7 = (
    element("GPVersion", "7"),
    element("GPRevision", "12024", required=12021, recommended=12023),
    element("Encoding", element("EncodingDescription", "GP7")),
)
_VERSION_8 = (
    element("GPVersion", "8.1.3"),
    element("GPRevision", "13007", required=12024, recommended=13000),
    element("Encoding", element("EncodingDescription", "GP8")),
)
_QUARTER = "2"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_READ_BY_ALL = 0o644 << 16
_OTHER_TITLES = (
    "Album", "Words", "Music", "WordsAndMusic", "Copyright", "Tabber", "Instructions", "Notices",
    "FirstPageHeader", "FirstPageFooter", "PageHeader", "PageFooter",
)  # fmt: skip
# Two views (all tracks, the one track), each of one track shown as notes and tab, all of it visible.
_PART_CONFIGURATION = bytes.fromhex("00000002 00 00000001 03 00 00000001 03 00000001")
_LAYOUT_CONFIGURATION = bytes.fromhex("00000004 01 00 ffff 00000000")
_STYLE: Mapping[str, bool] = {
    "StandardNotation/hideDynamics": True,
    "Global/DisplayTuning": True,
    "Global/DrawChords": False,
    "System/showTrackNameSingle": False,
}


def render_gp(score: Score, recording: SyncedRecording | None = None) -> bytes:
    """The bytes of a ``.gp`` file; the same input gives the same bytes. Only Guitar Pro 8 plays recordings.

    Raises
    ------
    ValueError
        If the score is not one that ``tab_to_score`` makes.
    """
    members = {
        "VERSION": b"7.0",
        "Content/BinaryStylesheet": _stylesheet(_STYLE),
        "Content/LayoutConfiguration": _LAYOUT_CONFIGURATION,
        "Content/PartConfiguration": _PART_CONFIGURATION,
        "Content/score.gpif": render_gpif(score, recording),
    }
    if recording is not None:
        members[recording.member] = recording.mp3
    return _zipped(members)


def render_gpif(score: Score, recording: SyncedRecording | None = None) -> bytes:
    """The document alone; errors as `render_gp`."""
    track = only_track(score)
    chords = chord_ids(track)
    tables = GpifBeatTables(chords=chords)
    voices = list(_voices(score, track, tables))
    document = element(
        "GPIF",
        *(_VERSION_7 if recording is None else _VERSION_8),
        _head(score),
        _master_track(score.bars, [] if recording is None else recording.sync_points(score.bars)),
        *([] if recording is None else [recording.track_element()]),
        element("AudioTracks"),
        element("Tracks", track_element(track, chords)),
        element("MasterBars", *_master_bars(score.bars)),
        element("Bars", *(_bar(i, clef_of(track)) for i in range(len(voices)))),
        element("Voices", *voices),
        element("Beats", *tables.beats),
        element("Notes", *tables.notes),
        element("Rhythms", *tables.rhythm_elements()),
        *([] if recording is None else [recording.asset_element()]),
    )
    return f'<?xml version="1.0" encoding="utf-8"?>\n{document}\n'.encode()


def _head(score: Score) -> str:
    return element(
        "Score",
        text_element("Title", score.title),
        text_element("SubTitle"),
        text_element("Artist", score.artist),
        *[text_element(tag) for tag in _OTHER_TITLES],
        element("ScoreSystemsDefaultLayout", "4"),
        element("ScoreSystemsLayout", "4"),
        element("ScoreZoomPolicy", "Value"),
        element("ScoreZoom", "1"),
        element("MultiVoice", "0>"),
    )


def _master_track(bars: Sequence[ScoreBar], sync_points: Sequence[str]) -> str:
    automations = [
        automation(
            "Tempo",
            mark.bar,
            plain_number(mark.position, 6),
            element("Value", f"{plain_number(mark.quarters_a_minute)} {_QUARTER}"),
            visible=mark.shown,
        )
        for mark in tempo_marks_of(bars)
    ]
    parts = (
        element("Anacrusis") if _is_pickup(bars[0]) else "",
        element("Tracks", "0"),
        element("Automations", *automations, *sync_points),
    )
    return element("MasterTrack", *filter(None, parts))


def _is_pickup(bar: ScoreBar) -> bool:
    return bar.length * bar.beat_unit < 4 * bar.beats_per_bar


def _master_bars(bars: Sequence[ScoreBar]) -> list[str]:
    """The key holds until the next one."""
    key: Key | None = None
    made = []
    for i, bar in enumerate(bars):
        key = bar.key or key
        made.append(
            element(
                "MasterBar",
                _key(key),
                element("Time", f"{bar.beats_per_bar}/{bar.beat_unit}"),
                element("Bars", str(i)),
            )
        )
    return made


def _key(key: Key | None) -> str:
    fifths = 0 if key is None else fifths_of_key(key)
    return element(
        "Key",
        element("AccidentalCount", str(fifths)),
        element("Mode", "Minor" if key is not None and key.mode == "minor" else "Major"),
        element("TransposeAs", "Flats" if fifths < 0 else "Sharps"),
    )


def _bar(index: int, clef: str) -> str:
    """A bar and its first voice share their number."""
    return element("Bar", element("Clef", clef), element("Voices", f"{index} -1 -1 -1"), id=index)


def _voices(score: Score, track: ScoreTrack, tables: GpifBeatTables) -> Iterator[str]:
    key: Key | None = None
    for i, (shared, beats) in enumerate(zip(score.bars, link_notes(track), strict=True)):
        key = shared.key or key
        ids = [str(tables.add(beat, key)) for beat in beats]
        yield element("Voice", element("Beats", " ".join(ids)), id=i)


def _stylesheet(style: Mapping[str, bool]) -> bytes:
    """Settings of the page: a big-endian count, and key, type (0 = yes or no) and value of each."""
    entries = b"".join(
        bytes((len(key),)) + key.encode("ascii") + bytes((0, value)) for key, value in style.items()
    )
    return len(style).to_bytes(4, "big") + entries


def _zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip without the time of day."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = _READ_BY_ALL
            archive.writestr(info, data)
    return file.getvalue()
