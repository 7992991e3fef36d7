import pytest

from fretscribe.music import Note
from fretscribe.symbolic.scales import SCALES, Scale, fitting_scales, scale_name, scale_tones, scales_over
from fretscribe.symbols import QUALITIES, parse_key, split_chord


def line(pitches, n=3):
    return [Note(onset_s=i, offset_s=i + 0.5, pitch=p) for i, p in enumerate(list(pitches) * n)]


@pytest.mark.parametrize("name", [name for name, steps in SCALES.items() if 7 in steps])
@pytest.mark.parametrize("tonic", [0, 6, 9])
def test_a_scale_played_is_found(name, tonic):
    steps = SCALES[name]
    mode = "major" if 4 in steps else "minor"
    notes = line([48 + tonic + step for step in steps])
    best = fitting_scales(
        notes, parse_key(f"{scale_name(Scale(tonic=tonic, name='major')).split()[0]} {mode}")
    )[0]
    assert best.scale == Scale(tonic=tonic, name=name)
    assert best.share == 1.0


def test_a_foreign_note_or_two_do_not_change_the_scale():
    notes = [*line((57, 60, 62, 64, 67), n=12), *line((61,), n=1)]
    best = fitting_scales(notes, parse_key("A minor"))[0]
    assert scale_name(best.scale) == "A minor pentatonic"
    assert best.share == pytest.approx(60 / 61)


def test_blues_over_a_major_key():
    notes = line((52, 55, 57, 58, 59, 62), n=6)
    assert scale_name(fitting_scales(notes, parse_key("E major"))[0].scale) == "E blues"


def test_too_little_for_a_scale():
    assert fitting_scales([], parse_key("C major")) == ()
    assert fitting_scales(line((48, 55)), parse_key("C major")) == ()


@pytest.mark.parametrize(
    ("chord", "key", "scales"),
    [
        ("C", "C major", ["C major", "C major pentatonic"]),
        ("G7", "C major", ["G mixolydian"]),
        ("Dm7", "C major", ["D minor pentatonic", "D dorian"]),
        ("Fmaj7", "C major", ["F lydian"]),
        ("Bm7b5", "C major", ["B locrian"]),
        ("E7", "A minor", ["E phrygian dominant"]),
        ("Am", "A minor", ["A natural minor", "A minor pentatonic"]),
        ("E5", "E minor", ["E natural minor", "E minor pentatonic"]),
        ("A7", "E major", ["A lydian dominant"]),
        ("Cm", "G major", ["C melodic minor"]),
    ],
)
def test_what_can_be_played_over_a_chord(chord, key, scales):
    found = [scale_name(s) for s in scales_over(split_chord(chord), parse_key(key))]
    assert found[: len(scales)] == scales


@pytest.mark.parametrize("quality", QUALITIES)
def test_scales_over_a_chord_hold_it(quality):
    chord = split_chord("D" + quality)
    for scale in scales_over(chord, parse_key("G major")):
        assert chord.pitch_classes <= set(scale.pitch_classes)


def test_scales_are_spelled_in_their_key():
    key = parse_key("Eb major")
    scale = Scale(tonic=3, name="major")
    assert scale_name(scale, key) == "Eb major"
    assert scale_tones(scale, key) == "Eb F G Ab Bb C D"
