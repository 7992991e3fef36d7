"""Chord symbols as MusicXML's ``<harmony>``: root, kind, added or altered degrees, bass.

What is no chord of our vocabulary becomes words above the staff. Source: MusicXML 4.0, W3C ("kind-value").
Neighbours: ``symbols`` takes symbols apart, ``musicxml_measure`` reads harmonies.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from fretscribe.io.xml_build import add
from fretscribe.symbols import NO_CHORD, split_chord

_Degree = tuple[int, int, str]
_KINDS: dict[str, tuple[str, str, tuple[_Degree, ...]]] = {  # quality -> kind, its text, degrees
    "": ("major", "", ()), "m": ("minor", "m", ()), "7": ("dominant", "7", ()),
    "maj7": ("major-seventh", "maj7", ()), "m7": ("minor-seventh", "m7", ()), "5": ("power", "5", ()),
    "sus2": ("suspended-second", "sus2", ()), "sus4": ("suspended-fourth", "sus4", ()),
    "dim": ("diminished", "dim", ()), "dim7": ("diminished-seventh", "dim7", ()),
    "m7b5": ("half-diminished", "m7b5", ()), "aug": ("augmented", "aug", ()),
    "aug7": ("augmented-seventh", "aug7", ()), "7sus4": ("suspended-fourth", "7sus4", ()),
    "7sus2": ("suspended-second", "7sus2", ()), "6": ("major-sixth", "6", ()),
    "m6": ("minor-sixth", "m6", ()), "9": ("dominant-ninth", "9", ()), "maj9": ("major-ninth", "maj9", ()),
    "m9": ("minor-ninth", "m9", ()), "11": ("dominant-11th", "11", ()), "m11": ("minor-11th", "m11", ()),
    "maj11": ("major-11th", "maj11", ()), "13": ("dominant-13th", "13", ()),
    "m13": ("minor-13th", "m13", ()), "maj13": ("major-13th", "maj13", ()),
    "mMaj7": ("major-minor", "mMaj7", ()), "add9": ("major", "", ((9, 0, "add"),)),
    "madd9": ("minor", "m", ((9, 0, "add"),)), "6/9": ("major-sixth", "6", ((9, 0, "/"),)),
    "7b9": ("dominant", "7", ((9, -1, ""),)), "7#9": ("dominant", "7", ((9, 1, ""),)),
    "7b5": ("dominant", "7", ((5, -1, ""),)), "7#5": ("dominant", "7", ((5, 1, ""),)),
}  # fmt: skip
_ALTERED_DEGREE = 5


def add_chord(measure: Element, symbol: str) -> None:
    """A chord symbol at the present place of a measure."""
    chord = split_chord(symbol)
    if symbol == NO_CHORD:
        harmony = add(measure, "harmony")
        add(add(harmony, "root"), "root-step", "C", text="")  # has no meaning, and is not shown
        add(harmony, "kind", "none", text=symbol)
        add(harmony, "staff", 1)
        return
    if chord is None:
        direction = add(measure, "direction", placement="above")
        add(add(direction, "direction-type"), "words", symbol)
        add(direction, "staff", 1)
        return
    kind, text, degrees = _KINDS[chord.quality]
    harmony = add(measure, "harmony")
    _name(harmony, "root", chord.root)
    add(harmony, "kind", kind, text=text)
    if chord.bass is not None:
        _name(harmony, "bass", chord.bass)
    for value, alter, sign in degrees:
        degree = add(harmony, "degree")
        add(degree, "degree-value", value)
        add(degree, "degree-alter", alter)
        add(degree, "degree-type", "alter" if value == _ALTERED_DEGREE else "add", text=sign)
    add(harmony, "staff", 1)


def _name(parent: Element, tag: str, name: str) -> None:
    place = add(parent, tag)
    add(place, f"{tag}-step", name[0])
    alter = name.count("#") - name.count("b")
    if alter:
        add(place, f"{tag}-alter", alter)
