"""Tunings by name: the ones guitarists speak of, and how to read and write them.

Strings are listed low to high, as in `Tuning.open_pitches`. Knows names only: which tuning a recording
has is found by ``symbolic.tuning``. Neighbours: ``music.Tuning`` is the value, ``convert`` spells pitches.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from fretscribe.convert import parse_pitch, parse_pitch_class, pitch_name
from fretscribe.errors import OptionError
from fretscribe.music import Tuning

_STANDARD = "E2 A2 D3 G3 B3 E4"
_SPELLED = {
    "standard": _STANDARD,
    "half-step down": "Eb2 Ab2 Db3 Gb3 Bb3 Eb4",
    "whole-step down": "D2 G2 C3 F3 A3 D4",
    "C# standard": "C#2 F#2 B2 E3 G#3 C#4",
    "C standard": "C2 F2 Bb2 Eb3 G3 C4",
    "B standard": "B1 E2 A2 D3 F#3 B3",
    "baritone A": "A1 D2 G2 C3 E3 A3",
    "half-step up": "F2 A#2 D#3 G#3 C4 F4",
    "drop D": "D2 A2 D3 G3 B3 E4",
    "drop C#": "C#2 G#2 C#3 F#3 A#3 D#4",
    "drop C": "C2 G2 C3 F3 A3 D4",
    "drop B": "B1 F#2 B2 E3 G#3 C#4",
    "drop A#": "A#1 F2 A#2 D#3 G3 C4",
    "drop A": "A1 E2 A2 D3 F#3 B3",
    "double drop D": "D2 A2 D3 G3 B3 D4",
    "DADGAD": "D2 A2 D3 G3 A3 D4",
    "DADDAD": "D2 A2 D3 D3 A3 D4",
    "CGDGAD": "C2 G2 D3 G3 A3 D4",
    "CGDGBE": "C2 G2 D3 G3 B3 E4",
    "CGCGCD": "C2 G2 C3 G3 C4 D4",
    "Orkney": "C2 G2 D3 G3 C4 D4",
    "open C": "C2 G2 C3 G3 C4 E4",
    "open C6": "C2 A2 C3 G3 C4 E4",
    "open D": "D2 A2 D3 F#3 A3 D4",
    "open E": "E2 B2 E3 G#3 B3 E4",
    "open F": "C2 F2 C3 F3 A3 F4",
    "open G": "D2 G2 D3 G3 B3 D4",
    "open G6": "D2 G2 D3 G3 B3 E4",
    "open A": "E2 A2 E3 A3 C#4 E4",
    "open B": "B1 F#2 B2 F#3 B3 D#4",
    "open C minor": "C2 G2 C3 G3 C4 Eb4",
    "open D minor": "D2 A2 D3 F3 A3 D4",
    "open E minor": "E2 B2 E3 G3 B3 E4",
    "open G minor": "D2 G2 D3 G3 Bb3 D4",
    "open A minor": "E2 A2 E3 A3 C4 E4",
    "open Dmaj7": "D2 A2 D3 F#3 A3 C#4",
    "all fourths": "E2 A2 D3 G3 C4 F4",
    "all fifths": "C2 G2 D3 A3 E4 B4",
    "new standard": "C2 G2 D3 A3 E4 G4",
    "Nashville": "E3 A3 D4 G4 B3 E4",
    "7-string standard": f"B1 {_STANDARD}",
    "7-string half-step down": "Bb1 Eb2 Ab2 Db3 Gb3 Bb3 Eb4",
    "7-string whole-step down": "A1 D2 G2 C3 F3 A3 D4",
    "7-string drop A": f"A1 {_STANDARD}",
    "7-string drop G": "G1 D2 G2 C3 F3 A3 D4",
    "7-string Russian": "D2 G2 B2 D3 G3 B3 D4",
    "8-string standard": f"F#1 B1 {_STANDARD}",
    "8-string half-step down": "F1 Bb1 Eb2 Ab2 Db3 Gb3 Bb3 Eb4",
    "8-string drop E": f"E1 B1 {_STANDARD}",
    "5-string open G": "G2 D3 G3 B3 D4",
    "bass": "E1 A1 D2 G2",
    "bass half-step down": "Eb1 Ab1 Db2 Gb2",
    "bass whole-step down": "D1 G1 C2 F2",
    "bass drop D": "D1 A1 D2 G2",
    "bass drop C": "C1 G1 C2 F2",
    "bass BEAD": "B0 E1 A1 D2",
    "5-string bass": "B0 E1 A1 D2 G2",
    "5-string bass high C": "E1 A1 D2 G2 C3",
    "6-string bass": "B0 E1 A1 D2 G2 C3",
    "tenor guitar": "C3 G3 D4 A4",
    "Chicago tenor": "D3 G3 B3 E4",
    "ukulele": "G4 C4 E4 A4",
    "ukulele low G": "G3 C4 E4 A4",
}

NAMED_TUNINGS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {name: tuple(parse_pitch(p) for p in spelled.split()) for name, spelled in _SPELLED.items()}
)
"""Open strings (MIDI, low to high) of every tuning known by name."""

_ALIASES = {
    "E standard": "standard",
    "guitar": "standard",
    "Eb standard": "half-step down",
    "Eb": "half-step down",
    "D# standard": "half-step down",
    "D standard": "whole-step down",
    "full-step down": "whole-step down",
    "Db standard": "C# standard",
    "baritone": "B standard",
    "baritone B": "B standard",
    "A standard": "baritone A",
    "drop Db": "drop C#",
    "drop Bb": "drop A#",
    "DADGBE": "drop D",
    "DADGBD": "double drop D",
    "Dsus4": "DADGAD",
    "celtic": "DADGAD",
    "open Cm": "open C minor",
    "open Dm": "open D minor",
    "open Em": "open E minor",
    "open Gm": "open G minor",
    "open Am": "open A minor",
    "NST": "new standard",
    "high strung": "Nashville",
    "7-string": "7-string standard",
    "8-string": "8-string standard",
    "Russian": "7-string Russian",
    "bass standard": "bass",
    "4-string bass": "bass",
    "bass 5-string": "5-string bass",
    "bass 6-string": "6-string bass",
    "tenor": "tenor guitar",
    "uke": "ukulele",
}


def _normal(name: str) -> str:
    """A name without case, blanks, dashes and the word "tuning", so that "Drop-D tuning" is "dropd"."""
    text = name.casefold().replace("♯", "#").replace("♭", "b").replace("sharp", "#")
    text = text.replace("flat", "b").replace("tuning", "").replace("seven", "7").replace("eight", "8")
    return re.sub(r"[^a-z0-9#]", "", text)


_BY_NORMAL_NAME = {_normal(name): name for name in NAMED_TUNINGS} | {
    _normal(alias): name for alias, name in _ALIASES.items()
}
_BY_PITCHES = {pitches: name for name, pitches in NAMED_TUNINGS.items()}

_REFERENCE = {
    4: NAMED_TUNINGS["bass"],
    5: NAMED_TUNINGS["5-string bass"],
    6: NAMED_TUNINGS["standard"],
    7: NAMED_TUNINGS["7-string standard"],
    8: NAMED_TUNINGS["8-string standard"],
}
_NOTE = re.compile(r"[A-G](?:[#♯]+|[b♭]+)?(?:-?\d+)?")
_EXAMPLE = 'write a name such as "drop D", or the strings low to high such as "D2 A2 D3 G3 B3 E4"'


def tuning_text(tuning: Tuning) -> str:
    """The open strings low to high with octaves, without the capo; `parse_tuning` reads it back.

    >>> tuning_text(Tuning())
    'E2 A2 D3 G3 B3 E4'
    """
    flats = _FLAT_SPELLED.get(tuning.open_pitches, False)
    return " ".join(pitch_name(p, flats=flats) for p in tuning.open_pitches)


_FLAT_SPELLED = {NAMED_TUNINGS[name]: "b" in spelled for name, spelled in _SPELLED.items()}


def tuning_name(tuning: Tuning) -> str:
    """The usual name of a tuning (its capo left aside), or its strings spelled out.

    >>> tuning_name(Tuning(open_pitches=(38, 45, 50, 55, 59, 64)))
    'drop D'
    >>> tuning_name(Tuning(open_pitches=(38, 45, 50, 55, 59, 63)))
    'D2 A2 D3 G3 B3 D#4'
    """
    return _BY_PITCHES.get(tuning.open_pitches) or tuning_text(tuning)


def parse_tuning(text: str, capo: int = 0, n_frets: int = 22) -> Tuning:
    """A tuning from its name, or from its strings low to high.

    Parameters
    ----------
    text : str
        A name of `NAMED_TUNINGS` in any case and punctuation ("Drop-D", "eb standard"), pitches with
        octaves ("D2 A2 D3 G3 B3 E4"), or 4 to 8 note names without ("D A D G B E", "DADGBE"). The
        latter get the octaves nearest to standard tuning (4 and 5 strings: to a bass), preferring rising
        strings and slack ones over tight ones.
    capo, n_frets : int
        As in `Tuning`.

    Raises
    ------
    OptionError
        If the text is no tuning, or capo and frets make no sense; the mend lists close names.

    >>> parse_tuning("dadgad").open_pitches
    (38, 45, 50, 55, 57, 62)
    >>> parse_tuning("Eb Ab Db Gb Bb Eb", capo=2).capo
    2
    """
    name = _BY_NORMAL_NAME.get(_normal(text))
    if name is not None:
        return _checked(NAMED_TUNINGS[name], capo, n_frets)
    strings = _split_strings(text)
    if strings is None:
        close = difflib.get_close_matches(_normal(text), _BY_NORMAL_NAME, n=4, cutoff=0.5)
        names = list(dict.fromkeys(_BY_NORMAL_NAME[c] for c in close))
        mend = f"did you mean {', '.join(names)}?" if names else _EXAMPLE
        raise OptionError(f"{text!r} is not a tuning", mend=mend)
    if not 4 <= len(strings) <= 8:
        raise OptionError(f"the tuning {text!r} has {len(strings)} strings, not 4 to 8", mend=_EXAMPLE)
    with_octave = [any(c.isdigit() for c in s) for s in strings]
    if all(with_octave):
        return _checked(tuple(parse_pitch(s) for s in strings), capo, n_frets)
    if any(with_octave):
        raise OptionError(f"the tuning {text!r} names octaves for some strings only", mend=_EXAMPLE)
    return _checked(_with_octaves([parse_pitch_class(s) for s in strings]), capo, n_frets)


def _checked(open_pitches: tuple[int, ...], capo: int, n_frets: int) -> Tuning:
    if not 1 <= n_frets <= 36:
        raise OptionError(f"a neck has 1 to 36 frets, not {n_frets}")
    if not 0 <= capo < n_frets:
        raise OptionError(f"a capo sits on fret 0 (none) to {n_frets - 1}, not {capo}")
    if not all(12 <= p <= 100 for p in open_pitches):
        raise OptionError("no string is tuned outside C0 .. E7", mend=_EXAMPLE)
    return Tuning(open_pitches=open_pitches, n_frets=n_frets, capo=capo)


def _split_strings(text: str) -> list[str] | None:
    """The note names of a spelled tuning, or None where the text is something else."""
    tokens = [t for t in re.split(r"[\s,;/|]+|-(?=[A-Ga-g])", text.strip()) if t]
    if len(tokens) == 1:
        compact = tokens[0].upper() if tokens[0].islower() else tokens[0]
        tokens = _NOTE.findall(compact)
        if "".join(tokens) != compact:
            return None
        return tokens
    tokens = [t[0].upper() + t[1:] for t in tokens]
    return tokens if all(_NOTE.fullmatch(t) for t in tokens) else None


def _with_octaves(pitch_classes: Sequence[int]) -> tuple[int, ...]:
    reference = _REFERENCE[len(pitch_classes)]
    options = []
    for pitch_class, near in zip(pitch_classes, reference, strict=True):
        up = near + (pitch_class - near) % 12
        options.append((up - 12, up))

    def cost(pitches: tuple[int, ...]) -> float:
        # Strings break when tuned up by a lot and only sag when tuned down.
        tension = sum(1.5 * (p - r) if p > r else r - p for p, r in zip(pitches, reference, strict=True))
        return tension + 12.0 * sum(b < a for a, b in itertools.pairwise(pitches))

    return min(itertools.product(*options), key=cost)
