import pytest

from fretscribe.errors import OptionError
from fretscribe.io.text_tab_strings import find_strings, strings_stated, tuning_in
from fretscribe.music import Tuning
from fretscribe.tunings import NAMED_TUNINGS, parse_tuning, tuning_name

STANDARD = NAMED_TUNINGS["standard"]


def test_at_least_forty_names_both_ways() -> None:
    both = [
        name
        for name, pitches in NAMED_TUNINGS.items()
        if parse_tuning(name).open_pitches == pitches and tuning_name(Tuning(open_pitches=pitches)) == name
    ]
    assert len(both) >= 40
    assert {"drop C", "DADGAD", "open G", "half-step down", "7-string standard", "bass drop D"} <= set(both)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Drop C", "drop C"),
        ("Drop D tuning", "drop D"),
        ("drop-b", "drop B"),
        ("half step down", "half-step down"),
        ("Tune down 1/2 step", "half-step down"),
        ("tuned a half step down", "half-step down"),
        ("1 step down", "whole-step down"),
        ("down 1 1/2 steps", "C# standard"),
        ("D Standard = D G C F A D (low to high)", "whole-step down"),
        ("D A D G B E", "drop D"),
        ("D-A-D-G-B-E", "drop D"),
        ("CGCFAD", "drop C"),
        ("Drop C (C G C F A D)", "drop C"),
        ("Open G", "open G"),
        ("Eb", "half-step down"),
        ("Eb Ab Db Gb Bb eb", "half-step down"),
        ("E B G D A D (high to low)", "drop D"),
        ("-1", "half-step down"),
        ("-2", "whole-step down"),
        ("Standard", "standard"),
        ("all strings as usual: standard", "standard"),
    ],
)
def test_spellings(text: str, name: str) -> None:
    assert tuning_in(text, 6) == NAMED_TUNINGS[name]


def test_steps_from_a_named_tuning() -> None:
    down = tuning_in("Drop D, half step down", 6)
    assert down == tuple(p - 1 for p in NAMED_TUNINGS["drop D"])


@pytest.mark.parametrize(
    ("text", "n_strings", "name"),
    [
        ("standard", 7, "7-string standard"),
        ("7 string standard", 7, "7-string standard"),
        ("B E A D G B E", 7, "7-string standard"),
        ("drop A", 7, "7-string drop A"),
        ("standard", 8, "8-string standard"),
        ("drop D", 4, "bass drop D"),
        ("E A D G", 4, "bass"),
        ("half step down", 4, "bass half-step down"),
    ],
)
def test_other_numbers_of_strings(text: str, n_strings: int, name: str) -> None:
    assert tuning_in(text, n_strings) == NAMED_TUNINGS[name]


@pytest.mark.parametrize("text", ["", "by ear", "see below", "D A D G B E", "99"])
def test_no_tuning(text: str) -> None:
    assert tuning_in(text, 5) is None


@pytest.mark.parametrize(
    ("labels", "low_on_top", "pitches", "source"),
    [
        ("e B G D A E", False, STANDARD, "labels"),
        ("E B G D A E", False, STANDARD, "labels"),
        ("E A D G B e", True, STANDARD, "labels"),
        ("E A D G B E", True, STANDARD, "labels"),
        ("e H G D A E", False, STANDARD, "labels"),
        ("1 2 3 4 5 6", False, STANDARD, "default"),
        ("6 5 4 3 2 1", True, STANDARD, "default"),
        ("D A F C G D", False, NAMED_TUNINGS["whole-step down"], "labels"),
        ("D A F C G C", False, NAMED_TUNINGS["drop C"], "labels"),
        ("C G C F A D", True, NAMED_TUNINGS["drop C"], "labels"),
        ("b F# D A E B", False, NAMED_TUNINGS["B standard"], "labels"),
        ("e B L D A L", False, STANDARD, "labels"),
        ("L L L L L E", False, STANDARD, "default"),
        ("G D A E", False, NAMED_TUNINGS["bass"], "labels"),
        ("E A D G", True, NAMED_TUNINGS["bass"], "labels"),
        ("G D A E B", False, NAMED_TUNINGS["5-string bass"], "labels"),
        ("e B G D A E B", False, NAMED_TUNINGS["7-string standard"], "labels"),
        ("e B G D A E B F#", False, NAMED_TUNINGS["8-string standard"], "labels"),
    ],
)
def test_labels(labels: str, low_on_top: bool, pitches: tuple[int, ...], source: str) -> None:
    found = find_strings(labels.split(), [])
    assert (found.low_on_top, found.tuning.open_pitches, found.tuning_from) == (low_on_top, pitches, source)
    assert found.string_of_row(0) == (0 if low_on_top else len(pitches) - 1)


def test_what_wins() -> None:
    labels = list("eBGDAE")
    stated = find_strings(labels, ["by ear", "Drop D"])
    assert (stated.tuning.open_pitches, stated.tuning_from) == (NAMED_TUNINGS["drop D"], "header")
    given = find_strings(labels, ["Drop D"], given=Tuning(), capo=3)
    assert (given.tuning.open_pitches, given.tuning_from, given.tuning.capo) == (STANDARD, "given", 3)
    assert given.tuning.highest_fret >= 24
    with pytest.raises(OptionError, match="has 4 strings, the tab 6"):
        find_strings(labels, [], given=Tuning(open_pitches=NAMED_TUNINGS["bass"]))


def test_how_many_strings_a_header_speaks_of() -> None:
    assert strings_stated(["bass drop D (D1 A1 D2 G2)"]) == 4
    assert strings_stated(["7-string standard (B1 E2 A2 D3 G3 B3 E4)"]) == 7
    assert strings_stated(["bass, as usual"]) == 4
    assert strings_stated([]) == 6
