import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.convert import parse_pitch_class
from fretscribe.music import BeatGrid, Key, Note
from fretscribe.symbolic.theory import estimate_chords, estimate_key, key_name

MAJOR = (0, 2, 4, 5, 7, 9, 11)
HARMONIC_MINOR = (0, 2, 3, 5, 7, 8, 11)
GRID = BeatGrid.constant(120.0, 32.0)


def strum(pitches, start_s, end_s):
    return [Note(onset_s=start_s, offset_s=end_s, pitch=p) for p in pitches]


def melody(tonic, scale, start=48):
    degrees = [0, 1, 2, 3, 4, 5, 6, 4, 2, 4, 0, 2, 0]
    pitches = [start + tonic + scale[d] for d in degrees]
    return [
        Note(onset_s=i, offset_s=i + (2 if p == pitches[-1] else 1), pitch=p) for i, p in enumerate(pitches)
    ]


@given(st.integers(0, 11), st.sampled_from(["major", "minor"]))
def test_a_melody_in_a_key_is_in_that_key(tonic, mode):
    notes = melody(tonic, MAJOR if mode == "major" else HARMONIC_MINOR)
    assert estimate_key(notes) == Key(tonic=tonic, mode=mode)


def test_too_little_for_a_key():
    assert estimate_key([]) is None
    assert estimate_key(strum([40, 47, 52], 0.0, 1.0)) is None


@pytest.mark.parametrize(
    ("tonic", "mode", "name"),
    [
        (0, "major", "C major"),
        (5, "major", "F major"),
        (10, "major", "Bb major"),
        (6, "major", "F# major"),
        (2, "major", "D major"),
        (2, "minor", "D minor"),
        (3, "minor", "Eb minor"),
        (7, "minor", "G minor"),
        (1, "minor", "C# minor"),
        (10, "minor", "Bb minor"),
    ],
)
def test_keys_are_spelled_as_their_signature(tonic, mode, name):
    assert key_name(Key(tonic=tonic, mode=mode)) == name
    assert parse_pitch_class(name.split()[0]) == tonic


@pytest.mark.parametrize(
    ("pitches", "name"),
    [
        ((48, 52, 55, 60, 64), "C"),
        ((43, 47, 50, 55, 59, 67), "G"),
        ((45, 52, 57, 60, 64), "Am"),
        ((40, 47, 52, 56, 62, 64), "E7"),
        ((48, 55, 59, 64), "Cmaj7"),
        ((45, 52, 55, 60, 64), "Am7"),
        ((40, 47, 52), "E5"),
        ((50, 57, 62, 67), "Dsus4"),
        ((47, 53, 59, 62), "Bdim"),
    ],
)
def test_chords_are_named(pitches, name):
    (chord,) = estimate_chords(strum(pitches, 0.0, 4.0), GRID)
    assert chord.name == name
    assert (chord.start_s, chord.end_s) == (0.0, 4.0)


def test_a_progression_is_followed_and_spelled_as_its_key():
    eb, cm, ab, bb = (51, 55, 58, 63), (48, 55, 60, 63), (44, 51, 56, 60), (46, 53, 58, 62)
    notes = [n for i, c in enumerate((eb, cm, ab, bb)) for n in strum(c, 2.0 * i, 2.0 * i + 1.95)]
    chords = estimate_chords(notes, GRID)
    assert [c.name for c in chords] == ["Eb", "Cm", "Ab", "Bb"]
    assert [c.start_s for c in chords] == [0.0, 2.0, 4.0, 6.0]


def test_an_arpeggio_is_a_chord():
    pattern = (48, 52, 55, 60, 55, 52, 48, 52) * 2
    notes = [Note(onset_s=0.25 * i, offset_s=0.25 * i + 1.0, pitch=p) for i, p in enumerate(pattern)]
    assert {c.name for c in estimate_chords(notes, GRID)} == {"C"}


def test_a_single_line_and_silence_have_no_chords():
    assert estimate_chords([], GRID) == ()
    line = [
        Note(onset_s=0.5 * i, offset_s=0.5 * i + 0.5, pitch=p) for i, p in enumerate((60, 62, 64, 65, 67))
    ]
    assert estimate_chords(line, GRID) == ()


@given(
    st.lists(st.tuples(st.floats(0, 20), st.floats(0.05, 4), st.integers(36, 84)), max_size=40),
)
def test_chords_rise_and_do_not_overlap(raw):
    notes = [Note(onset_s=t, offset_s=t + d, pitch=p) for t, d, p in raw]
    end = 0.0
    for chord in estimate_chords(notes, GRID):
        assert end <= chord.start_s < chord.end_s
        end = chord.end_s
