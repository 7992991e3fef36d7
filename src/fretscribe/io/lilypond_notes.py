r"""The notes of a guitar in the LilyPond language, bar by bar.

One piece of music serves the standard staff and the tab: every note names its string, so that the tab has
the frets of the score, and what belongs over the tab alone is tagged ``tab``. The commands that the notes use
(``\palmMuteStart``, ``\bendUp`` ...) are defined by ``lilypond_writer``.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction

from fretscribe.io.beat_groups import WrittenBeat, tuplet_spans, written_beat
from fretscribe.io.bend_moves import BendMove, bend_moves, quarter_tones_text
from fretscribe.io.lilypond_text import absolute_pitch, length_text, quoted, value_text
from fretscribe.io.score import ScoreBar, ScoreTrack
from fretscribe.io.score_links import LinkedBeat, LinkedNote, link_notes, technique_runs
from fretscribe.io.written_pitches import write_pitch
from fretscribe.music import Key, Technique

_SLIDES = frozenset({"slide", "legato_slide"})
_SPANS: tuple[tuple[Technique, str], ...] = (("palm_mute", "palmMute"), ("let_ring", "letRing"))
_Place = tuple[int, int]


def bars_of_music(bars: Sequence[ScoreBar], track: ScoreTrack) -> Iterator[str]:
    """Every bar of a track, on one line each.

    Parameters
    ----------
    bars : sequence of ScoreBar
    track : ScoreTrack
        As ``tab_to_score`` makes it.
    """
    beats = link_notes(track)
    spans = _spans(beats)
    places = [(b, i) for b, bar in enumerate(beats) for i in range(len(bar))]
    following = dict(itertools.pairwise(places))
    for b, (bar, inside) in enumerate(zip(bars, beats, strict=True)):
        whole = bar.length == Fraction(4 * bar.beats_per_bar, bar.beat_unit)
        if whole and not any(linked.notes for linked in inside):
            yield f"R{length_text(bar.length)}"
            continue
        written = [written_beat(linked.beat) for linked in inside]
        opens = dict(tuplet_spans(written))
        closes = set(opens.values())
        words = []
        for i, (linked, value) in enumerate(zip(inside, written, strict=True)):
            if i in opens:
                words.append(f"\\tuplet {value.value.tuplet[0]}/{value.value.tuplet[1]} {{")
            after = following.get((b, i))
            next_notes = () if after is None else beats[after[0]][after[1]].notes
            words.append(_beat(linked, value, next_notes, spans[b, i], track, bar.key))
            if i in closes:
                words.append("}")
        yield " ".join(words)


def _spans(beats: Sequence[Sequence[LinkedBeat]]) -> defaultdict[_Place, list[str]]:
    """Commands that start and stop dashed lines over the tab; one line at a time, the others are words."""
    commands: defaultdict[_Place, list[str]] = defaultdict(list)
    taken: list[tuple[_Place, _Place]] = []
    for technique, name in _SPANS:
        for first, last in technique_runs(beats, technique):
            if first == last or any(first <= end and start <= last for start, end in taken):
                commands[first].append(f"\\{name}")
                continue
            taken.append((first, last))
            commands[first].append(f"\\{name}Start")
            commands[last].append("\\spanStop")
    return commands


def _beat(
    linked: LinkedBeat,
    written: WrittenBeat,
    following: Sequence[LinkedNote],
    spans: Sequence[str],
    track: ScoreTrack,
    key: Key | None,
) -> str:
    length = value_text(written.value)
    if not linked.notes:
        return f"r{length}"
    before, after = _slides(linked.notes, following)
    heads = [_note(note, track, key) for note in linked.notes]
    if len(heads) == 1 and "harmonic" not in linked.notes[0].note.techniques:
        pitch, marks = heads[0]
        core = f"{pitch}{length}{marks}"
    else:
        core = f"<{' '.join(pitch + marks for pitch, marks in heads)}>{length}"
    over = "".join(_over(linked.notes)) + "".join(spans)
    if any("vibrato" in note.note.techniques for note in linked.notes):
        over += "\\vibratoStart <>\\vibratoStop"
    return f"{before}{core}{after}{over}"


def _note(note: LinkedNote, track: ScoreTrack, key: Key | None) -> tuple[str, str]:
    """A note's pitch and what follows it; the length of a single note stands between them."""
    dead = "\\deadNote " if "dead" in note.note.techniques else ""
    marks = f"\\{len(track.open_pitches) - note.string}"
    if "harmonic" in note.note.techniques:
        marks += "\\harmonic"
    if note.tie_start:
        marks += "~"
    if note.stops_slur:
        marks += f"\\={note.string})"
    if note.starts_slur:
        marks += f"\\={note.string}("
    return dead + absolute_pitch(write_pitch(note.pitch, key)), marks


def _slides(notes: Sequence[LinkedNote], following: Sequence[LinkedNote]) -> tuple[str, str]:
    """Lines to the notes of the next beat; where a slide's goal comes later, a word."""
    places = {note.string: i for i, note in enumerate(following)}
    sliding = [(i, note) for i, note in enumerate(notes) if note.leads & _SLIDES]
    pairs = [(i, places[note.string]) for i, note in sliding if note.leads_at_once]
    later = "\\slideLater" if len(pairs) < len(sliding) else ""
    if not pairs:
        return "", later
    shown = " ".join(f"({a} . {b})" for a, b in pairs)
    return f"\\once \\set glissandoMap = #'({shown}) ", f"\\glissando{later}"


def _over(notes: Sequence[LinkedNote]) -> Iterator[str]:
    """What stands over the tab at a beat: hammer-ons and pull-offs where they arrive, bends, slides in."""
    reached = {lead for note in notes for lead in note.reached}
    if "hammer_on" in reached:
        yield "\\hammerOn"
    if "pull_off" in reached:
        yield "\\pullOff"
    bends = [
        [m for m in bend_moves(note.note.bend) if not (m.is_prebend and note.tie_stop)] for note in notes
    ]
    if any(bends):  # one curve a beat is drawn, with the heights of all
        yield "\\bendUp" if any(map(_goes_up, filter(None, bends))) else "\\bendDown"
    for moves in filter(None, bends):
        yield f"\\bendText {quoted(' '.join(map(_move, moves)))}"
    if any(note.note.slides & {"in_below", "in_above"} for note in notes):
        yield "\\slideIn"


def _goes_up(moves: Sequence[BendMove]) -> bool:
    """Whether the string is pushed, or held as it was bent before; not if it is only let go."""
    later = [move for move in moves if not move.is_prebend]
    return not later or any(move.after > move.before for move in later)


def _move(move: BendMove) -> str:
    """A move as tab prints it; ``PB`` is bent before it is struck, ``R`` let go."""
    if move.is_prebend:
        return f"PB {quarter_tones_text(move.after)}"
    if move.after > move.before:
        return quarter_tones_text(move.after)
    return f"R {quarter_tones_text(move.after)}" if move.after else "R"
