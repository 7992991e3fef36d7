import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.convert import parse_pitch_class
from fretscribe.errors import OptionError
from fretscribe.music import Key
from fretscribe.symbols import (
    NO_CHORD,
    QUALITIES,
    ChordSymbol,
    chord_intervals,
    flat_symbol,
    harte_from_symbol,
    key_name,
    parse_key,
    spelled,
    split_chord,
    symbol_from_harte,
)

KEYS = [Key(tonic=t, mode=m) for t in range(12) for m in ("major", "minor")]


@pytest.mark.parametrize("key", KEYS, ids=key_name)
def test_keys_come_back(key: Key) -> None:
    assert parse_key(key_name(key)) == key


@pytest.mark.parametrize("text", ["", "H minor", "C dorian", "N"])
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(OptionError):
        parse_key(text)


@pytest.mark.parametrize("quality", QUALITIES)
@pytest.mark.parametrize("ends", [("C", ""), ("F#", ""), ("Bb", "/D"), ("E", "/D")])
def test_chords_come_back(quality: str, ends: tuple[str, str]) -> None:
    symbol = ends[0] + quality + ends[1]
    harte = harte_from_symbol(symbol)
    assert harte is not None
    assert symbol_from_harte(harte) == symbol


@pytest.mark.parametrize(
    ("harte", "symbol"),
    [
        ("C#:maj", "C#"),
        ("A:(1,5)/1", "A5"),
        ("G:7(*5)/1", "G7(*5)"),
        ("E:sus2(b7)/1", "E7sus2"),
        ("X", "N.C."),
    ],
)
def test_guitarset_chords(harte: str, symbol: str) -> None:
    assert symbol_from_harte(harte) == symbol


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("C", ("C", "", None)),
        ("F#m7b5", ("F#", "m7b5", None)),
        ("Bb/D", ("Bb", "", "D")),
        ("Ebmin7/Bb", ("Eb", "m7", "Bb")),
        ("C6/9", ("C", "6/9", None)),
        ("C6/9/E", ("C", "6/9", "E")),
        ("Asus", ("A", "sus4", None)),
        ("Gø", ("G", "m7b5", None)),
        ("E5", ("E", "5", None)),
    ],
)
def test_a_symbol_is_split(text, parts):
    chord = split_chord(text)
    assert (chord.root, chord.quality, chord.bass) == parts


@pytest.mark.parametrize("text", [NO_CHORD, "", "H7", "Cfoo", "(C)", "am", "C/", "Intro"])
def test_what_is_no_chord_is_not_split(text):
    assert split_chord(text) is None


NAMES = st.sampled_from(["C", "C#", "Db", "D", "Eb", "E", "F", "F#", "Gb", "G", "Ab", "A", "Bb", "B"])


@given(NAMES, st.sampled_from(QUALITIES), st.none() | NAMES)
def test_symbols_come_back(root, quality, bass):
    chord = ChordSymbol(root=root, quality=quality, bass=bass)
    assert split_chord(str(chord)) == chord


def test_tones_of_a_chord():
    assert split_chord("D/F#").pitch_classes == {2, 6, 9}
    assert split_chord("D/F#").bass_class == 6
    assert split_chord("C/Bb").pitch_classes == {0, 4, 7, 10}
    with pytest.raises(ValueError, match="quality"):
        ChordSymbol(root="C", quality="whatever")


# Without those that mir_eval reduces (it leaves ninths out of the octave) or writes with omitted tones.
IN_AN_OCTAVE = [q for q in QUALITIES if not {"9", "1"} & set(q) and q not in ("7b5", "7#5", "aug7")]


@pytest.mark.parametrize("quality", IN_AN_OCTAVE)
def test_intervals_are_those_of_mir_eval(quality):
    chord = pytest.importorskip("mir_eval.chord")
    root, bitmap, bass = chord.encode(harte_from_symbol("C" + quality))
    assert (root, bass) == (0, 0)
    assert chord_intervals(quality) == tuple(i for i, sounds in enumerate(bitmap) if sounds)


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("C major", "C Db D Eb E F F# G Ab A Bb B"),
        ("G major", "G Ab A Bb B C C# D Eb E F F#"),
        ("Eb major", "Eb E F Gb G Ab A Bb B C Db D"),
        ("F# major", "F# G G# A A# B C C# D D# E E#"),
        ("Db major", "Db D Eb E F Gb G Ab A Bb B C"),
        ("E major", "E F F# G G# A A# B C C# D D#"),
        ("A minor", "A Bb B C C# D D# E F F# G G#"),
        ("C minor", "C Db D Eb E F F# G Ab A Bb B"),
        ("G# minor", "G# A A# B C C# D D# E F F# G"),
        ("Eb minor", "Eb E F Gb G Ab A Bb Cb C Db D"),
    ],
)
def test_spelling(key, names):
    tonic = parse_key(key).tonic
    assert [spelled(tonic + i, parse_key(key)) for i in range(12)] == names.split()


@given(st.integers(0, 11), st.none() | st.sampled_from(KEYS))
def test_spelled_names_are_that_pitch_class(pitch_class, key):
    assert parse_pitch_class(spelled(pitch_class, key)) == pitch_class


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("C major", "C C# D D# E F F# G G# A Bb B"),
        ("Bb major", "Bb B C C# D Eb E F F# G Ab A"),
        ("A minor", "A A# B C C# D D# E F F# G G#"),
    ],
)
def test_roots_that_lead_upwards(key, names):
    tonic = parse_key(key).tonic
    assert [spelled(tonic + i, parse_key(key), raised=True) for i in range(12)] == names.split()


def test_flats():
    assert flat_symbol("C#m7/G#") == "Dbm7/Ab"
