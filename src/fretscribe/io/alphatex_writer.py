"""A `Score` to alphaTex, the text that alphaTab draws and plays; read by alphaTab 1.8.

Holds title, artist, tuning, capo, tempo map, metre, key, a pick-up, written values with tuplets and ties,
chord symbols and the techniques. What the format cannot hold: velocities finer than eight dynamics a beat,
bends finer than a quarter tone, the number of frets, probabilities, and seconds (tempos keep a thousandth).
Dynamics and small changes of tempo are played but not drawn.

Bars, beats and notes stand in the order of the score, the notes of a beat from the lowest string to the
highest. A page finds the note of the tab behind one that alphaTab draws by counting along the string: without
those that are tied, they are the tab's notes on that string, one by one. Writes scores as ``tab_to_score``
makes them: one track, one voice. Neighbours: ``score_signs`` and ``bend_shapes``. The language:
alphatab.net/docs/alphatex.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction

from fretscribe.convert import pitch_name
from fretscribe.io.bend_shapes import bend_shape
from fretscribe.io.score import Harmonic, Score, ScoreBar, ScoreBeat, ScoreNote, ScoreTrack, Slide
from fretscribe.io.score_signs import (
    TempoMark,
    dynamic_of,
    one_line,
    only_track,
    place_of,
    plain_number,
    tempo_marks_of,
    written_value,
)
from fretscribe.music import Key, Technique
from fretscribe.symbols import key_tonic_name, split_chord

_SLIDES: dict[Slide, str] = {
    "shift": "ss", "legato": "sl", "in_below": "sib", "in_above": "sia", "out_down": "sod", "out_up": "sou",
    "pick_down": "psd", "pick_up": "psu",
}  # fmt: skip
_HARMONICS: dict[Harmonic, str] = {
    "natural": "nh", "artificial": "ah 12", "pinch": "ph 12", "tapped": "th 12", "semi": "sh 12",
    "feedback": "fh 12",
}  # fmt: skip
_TECHNIQUES: dict[Technique, str] = {"vibrato": "v", "palm_mute": "pm", "dead": "x", "let_ring": "lr"}
_DEFAULT_PROGRAMS = {"guitar": 25, "bass": 33}
_DOTS = ("", "d", "dd")
_BEND_PLACES = 60
_LOUD = "f"


def render_alphatex(score: Score) -> bytes:
    """The bytes of an ``.alphatex`` file, UTF-8; the same score gives the same bytes.

    Raises
    ------
    ValueError
        If the score is not one that ``tab_to_score`` makes.
    """
    track = only_track(score)
    lines = [*_head(score, track)]
    tempos: dict[int, list[TempoMark]] = defaultdict(list)
    for mark in tempo_marks_of(score.bars):
        tempos[mark.bar].append(mark)
    before: ScoreBar | None = None
    dynamic = ""
    for i, (shared, bar) in enumerate(zip(score.bars, track.bars, strict=True)):
        lines += _bar_signs(shared, before, tempos[i])
        beats = []
        for beat in bar.beats:
            now = dynamic_of(beat, dynamic or _LOUD)
            beats.append(_beat(beat, len(track.open_pitches), now if now != dynamic else ""))
            dynamic = now
        lines.append(f"{' '.join(beats)} |" if i < len(score.bars) - 1 else " ".join(beats))
        before = shared
    return "".join(f"{line}\n" for line in lines).encode()


def _head(score: Score, track: ScoreTrack) -> Iterator[str]:
    if title := one_line(score.title):
        yield f"\\title {_quoted(title)}"
    if artist := one_line(score.artist):
        yield f"\\artist {_quoted(artist)}"
    yield "\\hideDynamics"
    yield "\\singleTrackTrackNamePolicy hidden"
    program = _DEFAULT_PROGRAMS.get(track.kind) if track.program is None else track.program
    yield f"\\track {_quoted(track.name)} {{ instrument {program} }}"
    yield "\\staff { score tabs }"
    yield f"\\tuning ({' '.join(pitch_name(p) for p in reversed(track.open_pitches))})"
    if track.capo:
        yield f"\\capo {track.capo}"
    if track.kind == "bass":
        yield "\\clef f4"
    yield "\\accidentals auto"


def _bar_signs(bar: ScoreBar, before: ScoreBar | None, tempos: list[TempoMark]) -> Iterator[str]:
    metre = (bar.beats_per_bar, bar.beat_unit)
    if before is None or metre != (before.beats_per_bar, before.beat_unit):
        yield f"\\ts ({metre[0]} {metre[1]})"
    if before is None and bar.length < Fraction(4 * metre[0], metre[1]):
        yield "\\ac"
    if bar.key is not None and (before is None or bar.key != before.key):
        yield f"\\ks {_key_name(bar.key)}"
    for mark in tempos:
        yield _tempo(mark)


def _key_name(key: Key) -> str:
    return f"{key_tonic_name(key).lower()}{key.mode}"


def _tempo(mark: TempoMark) -> str:
    tempo = plain_number(mark.quarters_a_minute)
    if mark.shown and not mark.position:
        return f"\\tempo {tempo}"
    return f'\\tempo ({tempo} "" {plain_number(mark.position, 6)}{"" if mark.shown else " hide"})'


def _beat(beat: ScoreBeat, n_strings: int, dynamic: str) -> str:
    value = written_value(beat)
    notes = [_note(note, n_strings) for note in sorted(beat.notes, key=place_of)]
    content = f"({' '.join(notes)})" if len(notes) > 1 else notes[0] if notes else "r"
    notes_in_tuplet, in_time_of = value.tuplet
    signs = (
        _DOTS[value.dots],
        f"tu ({notes_in_tuplet} {in_time_of})" if notes_in_tuplet > 1 else "",
        f"ch {_quoted(_chord_name(beat.chord))}" if beat.chord else "",
        f"dy {dynamic}" if dynamic else "",
    )
    return f"{content}.{value.head}{_braced(signs)}"


def _chord_name(name: str) -> str:
    """alphaTab tells chords apart without regard to case: a major seventh must not be "M7"."""
    return str(split_chord(name) or one_line(name))


def _note(note: ScoreNote, n_strings: int) -> str:
    """Strings count from 1 = highest."""
    string, fret = place_of(note)
    signs = itertools.chain(
        ("t",) if note.tied else (),
        (_bend(note),),
        ("h",) if note.hammer else (),
        (sign for slide, sign in _SLIDES.items() if slide in note.slides),
        (sign for technique, sign in _TECHNIQUES.items() if technique in note.techniques),
        (_HARMONICS[note.harmonic or "natural"],) if "harmonic" in note.techniques else (),
    )
    return f"{fret}.{n_strings - string}{_braced(signs)}"


def _bend(note: ScoreNote) -> str:
    shape = bend_shape(note.bend)
    if shape is None:
        return ""
    points = (f"{plain_number(Fraction(at * _BEND_PLACES, 100), 1)} {pitch}" for at, pitch in shape.points)
    return f"be ({' '.join(points)})"


def _braced(signs: Iterator[str] | tuple[str, ...]) -> str:
    inside = " ".join(filter(None, signs))
    return f"{{{inside}}}" if inside else ""


def _quoted(text: str) -> str:
    escaped = one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
