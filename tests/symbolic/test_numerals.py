import pytest

from fretscribe.symbolic.numerals import roman_numeral, roman_numerals
from fretscribe.symbols import QUALITIES, parse_key, spelled, split_chord


@pytest.mark.parametrize(
    ("symbol", "key", "numeral"),
    [
        ("C", "C major", "I"),
        ("Dm7", "C major", "ii7"),
        ("G7", "C major", "V7"),
        ("Cmaj7", "C major", "Imaj7"),
        ("Bdim", "C major", "vii°"),
        ("Bm7b5", "C major", "viiø7"),
        ("Caug", "C major", "I+"),
        ("Bb", "C major", "bVII"),
        ("Fm", "C major", "iv"),
        ("F#dim7", "C major", "#iv°7"),
        ("G#dim7", "C major", "#v°7"),
        ("Bbdim7", "C major", "bvii°7"),
        ("Ab", "C major", "bVI"),
        ("G/B", "C major", "V/7"),
        ("A5", "A minor", "I5"),
        ("Dsus4", "D major", "Isus4"),
        ("Am", "A minor", "i"),
        ("F", "A minor", "VI"),
        ("E7", "A minor", "V7"),
        ("G#dim7", "A minor", "#vii°7"),
        ("CmMaj7", "C minor", "imaj7"),
        ("Eb", "C minor", "III"),
        ("Am/G", "A minor", "i/7"),
    ],
)
def test_numerals(symbol, key, numeral):
    assert roman_numeral(split_chord(symbol), parse_key(key)) == numeral


@pytest.mark.parametrize(
    ("symbols", "key", "numerals"),
    [
        ("Am G F E", "A minor", "i VII VI V"),
        ("C A7 Dm G7 C", "C major", "I V7/ii ii V7 I"),
        ("C D7 G", "C major", "I V7/V V"),
        ("E7 A7 E7 B7 A7 E7", "E major", "I7 IV7 I7 V7 IV7 I7"),
        ("D A Bm F#m G", "D major", "I V vi iii IV"),
        ("C D F C", "C major", "I II IV I"),
    ],
)
def test_progressions(symbols, key, numerals):
    chords = [split_chord(symbol) for symbol in symbols.split()]
    assert roman_numerals(chords, parse_key(key)) == numerals.split()


def test_no_chord_has_no_numeral():
    assert roman_numerals([split_chord("N.C."), split_chord("C")], parse_key("C major")) == ["", "I"]


@pytest.mark.parametrize("quality", QUALITIES)
def test_numerals_do_not_depend_on_the_tonic(quality):
    for mode in ("major", "minor"):
        of_c = parse_key(f"C {mode}")
        for step in range(12):
            numeral = roman_numeral(split_chord(spelled(step, of_c) + quality), of_c)
            for tonic in ("Eb", "F#", "B"):
                key = parse_key(f"{tonic} {mode}")
                chord = split_chord(spelled(key.tonic + step, key) + quality)
                assert roman_numeral(chord, key) == numeral
