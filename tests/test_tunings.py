import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.convert import pitch_class_name
from fretscribe.errors import OptionError
from fretscribe.music import Tuning
from fretscribe.tunings import NAMED_TUNINGS, parse_tuning, tuning_name, tuning_text

pitches = st.lists(st.integers(12, 100), min_size=4, max_size=8).map(tuple)


def test_there_are_many_names_and_no_two_for_one_tuning():
    assert len(NAMED_TUNINGS) >= 40
    assert len(set(NAMED_TUNINGS.values())) == len(NAMED_TUNINGS)


@pytest.mark.parametrize("name", NAMED_TUNINGS)
def test_every_named_tuning_reads_back_by_name_and_by_text(name):
    tuning = Tuning(open_pitches=NAMED_TUNINGS[name])
    assert tuning_name(tuning) == name
    assert parse_tuning(name) == parse_tuning(name.upper()) == tuning
    assert parse_tuning(f" {name.replace('-', ' ')} Tuning ") == tuning
    assert parse_tuning(tuning_text(tuning)) == tuning


@given(pitches, st.integers(0, 11), st.integers(12, 36))
def test_text_reads_back(open_pitches, capo, n_frets):
    tuning = Tuning(open_pitches=open_pitches, capo=capo, n_frets=n_frets)
    assert parse_tuning(tuning_text(tuning), capo, n_frets) == tuning
    assert parse_tuning(tuning_name(tuning), capo, n_frets) == tuning


# Instruments whose octaves no reference of the same string count predicts.
OTHER_INSTRUMENTS = {
    "ukulele",
    "ukulele low G",
    "tenor guitar",
    "Chicago tenor",
    "Nashville",
    "6-string bass",
}
OTHER_INSTRUMENTS |= {"5-string open G", "5-string bass high C", "7-string Russian", "all fifths"}


@pytest.mark.parametrize("name", sorted(NAMED_TUNINGS.keys() - OTHER_INSTRUMENTS))
def test_octaves_left_out_are_found(name):
    classes = [pitch_class_name(p) for p in NAMED_TUNINGS[name]]
    assert parse_tuning(" ".join(classes)).open_pitches == NAMED_TUNINGS[name]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Drop-D", "drop D"),
        ("DROP_C#", "drop C#"),
        ("drop db", "drop C#"),
        ("drop c sharp", "drop C#"),
        ("eb", "half-step down"),
        ("E♭ standard", "half-step down"),
        ("dadgbe", "drop D"),
        ("DADGBE", "drop D"),
        ("D-A-D-G-B-E", "drop D"),
        ("eadgbe", "standard"),
        ("EbAbDbGbBbEb", "half-step down"),
        ("e2, a2, d3, g3, b3, e4", "standard"),
        ("B E A D G B E", "7-string standard"),
        ("E A D G", "bass"),
    ],
)
def test_spellings(text, name):
    assert parse_tuning(text).open_pitches == NAMED_TUNINGS[name]


def test_capo_and_frets_are_kept():
    assert parse_tuning("open G", 3, 24) == Tuning(open_pitches=NAMED_TUNINGS["open G"], capo=3, n_frets=24)


@pytest.mark.parametrize(
    "text", ["", "drop Q", "H A D G B E", "E A D", "E A D G3 B E", "hello", "E20 A2 D3 G3", "1 2 3 4"]
)
def test_what_is_no_tuning_is_refused(text):
    with pytest.raises(OptionError):
        parse_tuning(text)


def test_the_mend_lists_close_names():
    with pytest.raises(OptionError) as error:
        parse_tuning("dorp D")
    assert "drop D" in error.value.mend


@pytest.mark.parametrize(("capo", "n_frets"), [(22, 22), (-1, 22), (0, 0), (0, 40)])
def test_impossible_capo_or_neck(capo, n_frets):
    with pytest.raises(OptionError):
        parse_tuning("standard", capo, n_frets)
