"""The track of a GPIF document: instrument, tuning, capo and the names of its chords.

Elements and their order are those of files that Guitar Pro 7 and 8 save. A chord is written by its name,
without a diagram. Neighbours: ``gpif_writer`` puts the track into the document, ``gpif_xml`` makes its
elements.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fretscribe.io.gpif_xml import automation, element, parameter, text_element
from fretscribe.io.score import ScoreTrack, tuning_of
from fretscribe.io.score_signs import one_line
from fretscribe.symbols import split_chord
from fretscribe.tunings import tuning_name

WRITTEN_OCTAVES_UP = 1
"""Guitars and basses are written an octave above their sound."""

# Signal path of a strip as Guitar Pro leaves it, balance and volume in the middle of it.
_CHANNEL_STRIP = "0.5 0.5 0.5 0.5 0.5 0.5 0.5 0.5 0.5 0 0.5 0.5 0.795 0.5 0.5 0.5"
_ACCIDENTALS = {"": "Natural", "#": "Sharp", "b": "Flat", "##": "DoubleSharp", "bb": "DoubleFlat"}
_EMPTY_SETS_AFTER_CHORDS = ("ChordWorkingSet", "DiagramCollection", "DiagramWorkingSet")
_LYRICS_LINES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Instrument:
    """What Guitar Pro calls an instrument of its own."""

    name: str
    kind: str
    icon: int
    sound: str
    path: str
    program: int
    clef: str


_GUITAR = _Instrument(
    name="Steel Guitar",
    kind="steelGuitar",
    icon=1,
    sound="Acoustic Guitar (steel)",
    path="Stringed/Acoustic Guitars/Steel Guitar",
    program=25,
    clef="G2",
)
_BASS = _Instrument(
    name="Electric Bass",
    kind="electricBass",
    icon=5,
    sound="Electric Bass (finger)",
    path="Stringed/Basses/Clean Bass",
    program=33,
    clef="F4",
)


def _instrument(track: ScoreTrack) -> _Instrument:
    return _BASS if track.kind == "bass" else _GUITAR


def clef_of(track: ScoreTrack) -> str:
    """``G2`` for a guitar, ``F4`` for a bass."""
    return _instrument(track).clef


def chord_ids(track: ScoreTrack) -> dict[str, int]:
    """Chord symbols of a track (as `one_line`) by their first use -> what beats call them."""
    names = (one_line(beat.chord) for bar in track.bars for beat in bar.beats)
    return {name: i for i, name in enumerate(dict.fromkeys(name for name in names if name))}


def track_element(track: ScoreTrack, chords: Mapping[str, int]) -> str:
    """The whole ``Track``."""
    instrument = _instrument(track)
    sound_path = f"{instrument.path};{instrument.sound};Factory"
    value = text_element("Value", sound_path)
    return element(
        "Track",
        text_element("Name", track.name),
        text_element("ShortName", track.name[:10]),
        element("Color", "237 116 116"),
        element("SystemsDefautLayout", "4"),
        element("SystemsLayout", "4"),
        element("AutoBrush"),
        element("PalmMute", "0.3"),
        element("AutoAccentuation", "0.2"),
        element("PlayingStyle", "StringedPick"),
        element("UseOneChannelPerString"),
        element("IconId", str(instrument.icon)),
        _instrument_set(instrument),
        element("Transpose", element("Chromatic", "0"), element("Octave", str(-WRITTEN_OCTAVES_UP))),
        element("RSE", element("ChannelStrip", element("Parameters", _CHANNEL_STRIP), version="E56")),
        element("ForcedSound", "-1"),
        element("Sounds", _sound(instrument, track.program)),
        element(
            "MidiConnection",
            element("Port", "0"),
            element("PrimaryChannel", "0"),
            element("SecondaryChannel", "1"),
            element("ForeOneChannelPerString", "false"),
        ),
        element("PlaybackState", "Default"),
        element("AudioEngineState", "MIDI"),
        element("Lyrics", *[_lyrics_line()] * _LYRICS_LINES, dispatched="true"),
        element("Staves", element("Staff", _staff_properties(track, chords))),
        element("Automations", automation("Sound", 0, "0", value)),
        id=0,
    )


def _instrument_set(instrument: _Instrument) -> str:
    articulation = element(
        "Articulation",
        element("Name"),
        element("StaffLine", "0"),
        element("Noteheads", "noteheadBlack noteheadHalf noteheadWhole"),
        element("TechniquePlacement", "outside"),
        element("TechniqueSymbol"),
        element("InputMidiNumbers"),
        element("OutputRSESound"),
        element("OutputMidiNumber", "0"),
    )
    pitched = element(
        "Element",
        element("Name", "Pitched"),
        element("Type", "pitched"),
        element("SoundbankName"),
        element("Articulations", articulation),
    )
    return element(
        "InstrumentSet",
        element("Name", instrument.name),
        element("Type", instrument.kind),
        element("LineCount", "5"),
        element("Elements", pitched),
    )


def _sound(instrument: _Instrument, program: int | None) -> str:
    midi = element(
        "MIDI",
        element("LSB", "0"),
        element("MSB", "0"),
        element("Program", str(instrument.program if program is None else program)),
    )
    return element(
        "Sound",
        text_element("Name", instrument.sound),
        text_element("Label", instrument.sound),
        element("Path", instrument.path),
        element("Role", "Factory"),
        midi,
    )


def _lyrics_line() -> str:
    return element("Line", text_element("Text"), element("Offset", "0"))


def _staff_properties(track: ScoreTrack, chords: Mapping[str, int]) -> str:
    pitches = track.open_pitches
    tuning_called = tuning_name(tuning_of(track, track.name))
    tuning = element(
        "Property",
        element("Pitches", " ".join(map(str, pitches))),
        element("Flat"),
        element("Instrument", "Bass" if track.kind == "bass" else "Guitar"),
        text_element("Label"),
        element("LabelVisible", "true"),
        name="Tuning",
    )
    items = [element("Item", _harmony(name), id=key, name=name) for name, key in chords.items()]
    return element(
        "Properties",
        parameter("CapoFret", "Fret", str(track.capo)),
        parameter("FretCount", "Number", str(track.n_frets)),
        parameter("PartialCapoFret", "Fret", "0"),
        parameter("PartialCapoStringFlags", "Bitset", "0" * len(pitches)),
        tuning,
        element("Property", element("Items", *items), name="ChordCollection"),
        *[element("Property", element("Items"), name=name) for name in _EMPTY_SETS_AFTER_CHORDS],
        parameter("TuningFlat"),
        text_element("Name", tuning_called[:1].upper() + tuning_called[1:]),
    )


def _harmony(name: str) -> str:
    """Root and bass of a chord; C where the name is none that is known, which only the name then tells."""
    chord = split_chord(name)
    root = "C" if chord is None else chord.root
    bass = root if chord is None or chord.bass is None else chord.bass
    return element("Chord", _chord_tone("KeyNote", root), _chord_tone("BassNote", bass))


def _chord_tone(tag: str, name: str) -> str:
    return element(tag, step=name[0], accidental=_ACCIDENTALS.get(name[1:], "Natural"))
