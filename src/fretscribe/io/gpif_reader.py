"""Guitar Pro 6 to 8 to a `Score`: the document ``score.gpif`` inside ``.gpx`` and ``.gp`` containers.

The document is a set of tables (bars, voices, beats, notes, rhythms) that refer to each other by id; this
file reads the tracks and the bars, ``gpif_beats`` what is in them. Neighbours: ``gpx_container`` and
``archives`` open the containers, ``xml_tree`` parses, ``guitar_pro_reader`` reads the older versions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from xml.etree.ElementTree import Element

from fretscribe.errors import TabFormatError
from fretscribe.io.archives import member_names, read_member
from fretscribe.io.gpif_beats import GpifTables, read_bar
from fretscribe.io.gpx_container import read_gpx_member
from fretscribe.io.key_signatures import key_of_fifths
from fretscribe.io.score import (
    MAX_BARS,
    MAX_TRACKS,
    Score,
    ScoreBar,
    ScoreTrack,
    TrackBar,
    TrackKind,
    check_limits,
    track_kind,
    track_place,
)
from fretscribe.io.xml_tree import integer, parse_xml, text_of
from fretscribe.music import Key

MAX_BYTES = 32_000_000
_DOCUMENT = "score.gpif"
_TEMPO_UNITS = {
    "1": Fraction(1, 2), "2": Fraction(1), "3": Fraction(3, 2), "4": Fraction(2), "5": Fraction(3),
}  # fmt: skip
_TEMPO_LIMITS = (1.0, 2000.0)
_DRUM_CHANNEL = "9"
_SIGNS_LEFT_OUT = {
    "TripletFeel": "bars in triplet feel, played straight", "FreeTime": "bars in free time",
    "Fermatas/Fermata": "fermatas", "Section": "section names",
}  # fmt: skip


def parse_gp(data: bytes, name: str = "gp file") -> Score:
    """A score from the bytes of a Guitar Pro 7 or 8 file, a zip.

    Raises
    ------
    TabFormatError
        If the bytes are no such file; the message names track, bar and string where known.
    """
    _check_size(data, name)
    names = member_names(data, name)
    members = sorted((n for n in names if n.rpartition("/")[2] == _DOCUMENT), key=lambda n: (n.count("/"), n))
    if not members:
        raise TabFormatError(f"{name}: the archive holds no {_DOCUMENT} ({len(names)} other files)")
    return parse_gpif(read_member(data, members[0], name), name)


def parse_gpx(data: bytes, name: str = "gpx file") -> Score:
    """A score from the bytes of a Guitar Pro 6 file; errors as `parse_gp`."""
    _check_size(data, name)
    return parse_gpif(read_gpx_member(data, _DOCUMENT, name), name)


def parse_gpif(data: bytes, name: str = _DOCUMENT) -> Score:
    """A score from a GPIF document; errors as `parse_gp`."""
    root = parse_xml(data.rstrip(b"\0"), name)
    if root.tag != "GPIF":
        raise TabFormatError(f"{name}: is no Guitar Pro document (its root is {root.tag[:40]!r})")
    left_out: Counter[str] = Counter()
    tables = GpifTables.of(root, name, left_out)
    master_bars = list(root.iterfind("MasterBars/MasterBar"))
    elements = list(root.iterfind("Tracks/Track"))
    if len(master_bars) > MAX_BARS or len(elements) > MAX_TRACKS:
        raise TabFormatError(
            f"{name}: has {len(master_bars)} bars and {len(elements)} tracks, "
            f"the limits are {MAX_BARS} and {MAX_TRACKS}"
        )
    bars = _bars(master_bars, _tempos(root, left_out, name), left_out, name)
    tracks: list[ScoreTrack] = []
    for element in elements:
        tracks += _staves(element, len(tracks), master_bars, tables)
    _check_columns(master_bars, len(tracks), left_out)
    if root.find("MasterTrack/Anacrusis") is not None and bars:
        bars[0] = _pickup(bars[0], tracks)
    for track in tracks:
        _count_late_beats(track, bars, left_out)
    return check_limits(
        Score(
            name=name,
            title=text_of(root, "Score/Title"),
            artist=text_of(root, "Score/Artist"),
            bars=tuple(bars),
            tracks=tuple(tracks),
            left_out=left_out,
        )
    )


def _check_size(data: bytes, name: str) -> None:
    if len(data) > MAX_BYTES:
        raise TabFormatError(f"{name}: is {len(data)} bytes long, the limit is {MAX_BYTES}")


def _tempos(root: Element, left_out: Counter[str], name: str) -> dict[int, list[tuple[Fraction, float]]]:
    """Bar -> (share of the bar, quarter notes a minute)."""
    found: dict[int, list[tuple[Fraction, float]]] = {}
    for change in root.iterfind("MasterTrack/Automations/Automation"):
        if (kind := text_of(change, "Type")) != "Tempo":
            is_sync = kind == "SyncPoint"
            left_out["sync points with a recording" if is_sync else "automations of the whole song"] += 1
            continue
        bar = integer(text_of(change, "Bar"), f"{name}: a tempo", low=0, high=MAX_BARS)
        value, _, unit = text_of(change, "Value").partition(" ")
        try:
            quarters_a_minute = float(value) * float(_TEMPO_UNITS.get(unit.strip(), Fraction(1)))
            position = Fraction(float(text_of(change, "Position") or "0")).limit_denominator(100_000)
        except (ValueError, OverflowError) as e:
            raise TabFormatError(f"{name}: bar {bar + 1}: has an unreadable tempo {value[:20]!r}") from e
        if not _TEMPO_LIMITS[0] <= quarters_a_minute <= _TEMPO_LIMITS[1]:
            left_out["impossible tempos"] += 1
            continue
        if text_of(change, "Linear") == "true":
            left_out["gradual changes of tempo, played at once"] += 1
        found.setdefault(bar, []).append((min(max(position, Fraction(0)), Fraction(1)), quarters_a_minute))
    return found


def _bars(
    elements: list[Element],
    tempos: dict[int, list[tuple[Fraction, float]]],
    left_out: Counter[str],
    name: str,
) -> list[ScoreBar]:
    bars = []
    for i, element in enumerate(elements):
        place = f"{name}: bar {i + 1}"
        above, _, below = text_of(element, "Time").partition("/")
        beats = integer(above, f"{place}: the metre", low=1, high=128)
        unit = integer(below, f"{place}: the metre", low=1, high=64)
        length = Fraction(4 * beats, unit)
        repeat = element.find("Repeat")
        signs = {} if repeat is None else repeat.attrib
        closes = signs.get("end") == "true"
        count = integer(signs.get("count", "2"), f"{place}: the repeat", low=0, high=1000) if closes else 0
        for tag, what in _SIGNS_LEFT_OUT.items():
            left_out[what] += len(element.findall(tag))
        bars.append(
            ScoreBar(
                beats_per_bar=beats,
                beat_unit=unit,
                length=length,
                repeat_open=signs.get("start") == "true",
                repeat_close=max(count, 2) if closes else 0,
                endings=frozenset(
                    integer(e, f"{place}: an ending", low=1, high=64)
                    for e in text_of(element, "AlternateEndings").split()
                ),
                tempos=tuple((at * length, tempo) for at, tempo in sorted(tempos.get(i, []))),
                key=_key(element, place),
                section=" ".join(text_of(element, f"Section/{part}") for part in ("Letter", "Text")).strip(),
                jumps=tuple((d.text or "").strip() for d in element.iterfind("Directions/*")),
            )
        )
    return bars


def _key(master_bar: Element, place: str) -> Key | None:
    count = text_of(master_bar, "Key/AccidentalCount")
    if not count:
        return None
    fifths = integer(count, f"{place}: the key", low=-20, high=20)
    return key_of_fifths(fifths, minor=text_of(master_bar, "Key/Mode").lower() == "minor")


def _staves(
    element: Element, column: int, master_bars: list[Element], tables: GpifTables
) -> Iterator[ScoreTrack]:
    """The staves of a track, each a track of its own; bars list their ids staff by staff."""
    name = text_of(element, "Name")
    staves = element.findall("Staves/Staff") or [element]
    for number, staff in enumerate(staves):
        called = name if len(staves) == 1 else f"{name} (staff {number + 1})"
        place = f"{tables.file}: {track_place(column + number, called)}"
        properties = {p.get("name", ""): p for p in staff.iterfind("Properties/Property")}
        pitches = _pitches(properties.get("Tuning"), place)
        program = _program(element, place)
        chords = _chord_names(properties)
        bars = []
        for i, master_bar in enumerate(master_bars):
            ids = text_of(master_bar, "Bars").split()
            bar_id = ids[column + number] if column + number < len(ids) else "-1"
            bars.append(
                TrackBar() if bar_id == "-1" else read_bar(tables, bar_id, chords, f"{place}, bar {i + 1}")
            )
        if _fret(properties.get("PartialCapoFret"), place):
            tables.left_out["partial capos"] += 1
        yield ScoreTrack(
            name=called,
            kind=_kind(element, program, pitches),
            open_pitches=pitches,
            capo=_fret(properties.get("CapoFret"), place),
            n_frets=integer(_child(properties.get("FretCount"), "Number") or "24", place, low=0, high=99)
            or 24,
            program=program,
            bars=tuple(bars),
        )


def _child(element: Element | None, tag: str) -> str:
    return "" if element is None else text_of(element, tag)


def _fret(element: Element | None, place: str) -> int:
    return integer(_child(element, "Fret") or "0", f"{place}: the capo", low=0, high=36)


def _pitches(tuning: Element | None, place: str) -> tuple[int, ...]:
    """Open strings low to high, as the document lists them; empty for an instrument without strings."""
    pitches = _child(tuning, "Pitches").split()
    return tuple(integer(p, f"{place}: the tuning", low=0, high=127) for p in pitches[:32])


def _program(element: Element, place: str) -> int | None:
    text = text_of(element, "Sounds/Sound/MIDI/Program") or text_of(element, "GeneralMidi/Program")
    return integer(text, f"{place}: the MIDI program", low=0, high=127) if text else None


def _kind(element: Element, program: int | None, pitches: tuple[int, ...]) -> TrackKind:
    instrument, midi = element.find("Instrument"), element.find("GeneralMidi")
    is_drums = (
        text_of(element, "InstrumentSet/Type") == "drumKit"
        or text_of(element, "MidiConnection/PrimaryChannel") == _DRUM_CHANNEL
        or (midi is not None and midi.get("table") == "Percussion")
        or (instrument is not None and instrument.get("ref", "").startswith("drm"))
    )
    return "drums" if is_drums else track_kind(program, pitches)


def _chord_names(properties: dict[str, Element]) -> dict[str, str]:
    """Chord id -> its name, as the staff's diagrams say."""
    return {
        item.get("id", ""): item.get("name", "").strip()
        for collection in ("DiagramCollection", "ChordCollection")
        if collection in properties
        for item in properties[collection].iterfind("Items/Item")
    }


def _check_columns(master_bars: list[Element], n_staves: int, left_out: Counter[str]) -> None:
    extra = sum(max(0, len(text_of(bar, "Bars").split()) - n_staves) for bar in master_bars)
    if extra:
        left_out["bars of no track"] += extra


def _pickup(bar: ScoreBar, tracks: list[ScoreTrack]) -> ScoreBar:
    """The first bar of a piece with an anacrusis: as long as its longest voice, tempos with it."""
    ends = [b.start + b.duration for t in tracks for b in t.bars[0].beats if b.grace is None]
    longest = max(ends, default=bar.length)
    if not 0 < longest < bar.length:
        return bar
    tempos = tuple((at * longest / bar.length, tempo) for at, tempo in bar.tempos)
    return replace(bar, length=longest, tempos=tempos)


def _count_late_beats(track: ScoreTrack, bars: list[ScoreBar], left_out: Counter[str]) -> None:
    left_out["beats after the end of their bar, played there"] += sum(
        beat.start >= bar.length and bool(beat.notes)
        for bar, track_bar in zip(bars, track.bars, strict=True)
        for beat in track_bar.beats
    )
