import pytest

from fretscribe.errors import OptionError
from fretscribe.io.symbols import harte_from_symbol, key_name, parse_key, symbol_from_harte
from fretscribe.music import Key

KEYS = [Key(tonic=t, mode=m) for t in range(12) for m in ("major", "minor")]


@pytest.mark.parametrize("key", KEYS, ids=key_name)
def test_keys_come_back(key: Key) -> None:
    assert parse_key(key_name(key)) == key


@pytest.mark.parametrize("text", ["", "H minor", "C dorian", "N"])
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(OptionError):
        parse_key(text)


QUALITIES = [
    "",
    "m",
    "7",
    "maj7",
    "m7",
    "dim",
    "dim7",
    "m7b5",
    "aug",
    "sus2",
    "sus4",
    "7sus4",
    "6",
    "m6",
    "9",
]
QUALITIES += ["maj9", "m9", "13", "mMaj7", "add9", "7#9", "5"]


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
