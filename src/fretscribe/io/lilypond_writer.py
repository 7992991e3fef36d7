r"""A `Score` of one guitar to the LilyPond language: chord names, standard staff and tab, and sound.

Written for LilyPond 2.24. Strings are numbered (``\1`` is the highest), so LilyPond chooses no frets of its
own; a capo raises the tab's open strings. Velocities are not written, bends in quarter tones and without
their time. The same score gives the same text. Neighbours: ``tab_to_score`` makes the score,
``lilypond_notes`` writes its bars, ``engraver`` turns the text into a PDF.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction

from fretscribe.io.lilypond_notes import bars_of_music
from fretscribe.io.lilypond_text import absolute_pitch, chord_text, length_text, note_name, quoted
from fretscribe.io.score import Score, ScoreBar, ScoreTrack, tuning_of
from fretscribe.io.score_signs import TempoMark, only_track, tempo_marks_of
from fretscribe.io.written_pitches import BASS, GUITAR, TREBLE, clef_of, write_pitch
from fretscribe.music import STANDARD_TUNING
from fretscribe.symbols import NO_CHORD, key_tonic_name, split_chord
from fretscribe.tunings import tuning_name

_CLEFS = {TREBLE: "treble", GUITAR: "treble_8", BASS: "bass_8"}
_GUITAR_SOUND, _BASS_SOUND = "acoustic guitar (steel)", "electric bass (finger)"
_COMMANDS = r"""
\paper {
  system-system-spacing.padding = #4
}

palmMute = -\tag #'tab ^\markup \tiny "P.M."
palmMuteStart = -\tag #'tab -\tweak bound-details.left.text \markup \upright \tiny "P.M. " \startTextSpan
letRing = -\tag #'tab ^\markup \tiny "let ring"
letRingStart = -\tag #'tab -\tweak bound-details.left.text \markup \upright \tiny "let ring " \startTextSpan
spanStop = -\tag #'tab \stopTextSpan
vibratoStart = -\tag #'tab -\tweak bound-details.left.text ##f \startTrillSpan
vibratoStop = -\tag #'tab \stopTrillSpan
hammerOn = -\tag #'tab ^\markup \tiny "H"
pullOff = -\tag #'tab ^\markup \tiny "P"
slideIn = -\tag #'tab ^\markup \tiny "sl."
slideLater = -\tag #'tab ^\markup \tiny "sl."
bendUp = -\tag #'tab -\bendAfter #4
bendDown = -\tag #'tab -\bendAfter #-4
bendText = #(define-event-function (height) (markup?)
              #{ -\tag #'tab -\tweak X-offset #1 ^\markup \tiny #height #})
"""
_SCORES = r"""
\score {
  <<
    \new ChordNames \with { majorSevenSymbol = \markup "maj7" } \chordNames
    \new StaffGroup <<
      \new Staff \with { \omit StringNumber \numericTimeSignature } {
        \clef #instrumentClef
        << \time_and_key \removeWithTag #'tab \guitar >>
      }
      \new TabStaff \with {
        stringTunings = \openStrings
        \revert TextScript.stencil
        \revert TextSpanner.stencil
        \override TextSpanner.direction = #UP
        \override TextSpanner.dash-period = #1.5
      } \guitar
    >>
  >>
  \layout { }
}

\score {
  \new Staff \with { midiInstrument = #instrumentSound } {
    << \time_and_key \removeWithTag #'tab \guitar >>
  }
  \midi { }
}
"""


def render_lilypond(score: Score) -> bytes:
    """The text, in UTF-8.

    Parameters
    ----------
    score : Score
        As ``tab_to_score`` makes it.
    """
    track = only_track(score)
    sections = (
        '\\version "2.24.0"\n% written by fretscribe\n',
        _header(score, track),
        _COMMANDS,
        "\n".join(_instrument(track)),
        _block("time_and_key", _time_and_key(score.bars, track)),
        _block("chordNames", _chords(score.bars, track), mode="\\chordmode "),
        _block("guitar", _numbered(bars_of_music(score.bars, track))),
        _SCORES,
    )
    return "\n".join(section.strip("\n") + "\n" for section in sections).encode()


def _block(name: str, lines: Iterator[str], mode: str = "") -> str:
    return "\n".join([f"{name} = {mode}{{", *(f"  {line}" for line in lines), "}"])


def _numbered(bars: Iterator[str]) -> Iterator[str]:
    for i, bar in enumerate(bars, start=1):
        yield f"{bar} | % {i}"
    yield '\\bar "|."'


def _header(score: Score, track: ScoreTrack) -> str:
    """Title and artist, and at the left how the guitar is tuned, where that is not the usual way."""
    fields = {"title": score.title, "composer": score.artist, "meter": _setup(track)}
    lines = [f"  {name} = {quoted(text)}" for name, text in fields.items() if text]
    return "\n".join(["\\header {", *lines, "  tagline = ##f", "}"])


def _setup(track: ScoreTrack) -> str:
    tuning = tuning_of(track, track.name)
    said = [] if tuning.open_pitches == STANDARD_TUNING.open_pitches else [f"Tuning: {tuning_name(tuning)}"]
    return ", ".join(said + ([f"Capo: fret {track.capo}"] if track.capo else []))


def _instrument(track: ScoreTrack) -> Iterator[str]:
    strings = (absolute_pitch(write_pitch(pitch + track.capo, None)) for pitch in track.open_pitches)
    yield f"openStrings = \\stringTuning <{' '.join(strings)}>"
    yield f"instrumentClef = {quoted(_CLEFS[clef_of(track)])}"
    yield f"instrumentSound = {quoted(_BASS_SOUND if track.kind == 'bass' else _GUITAR_SOUND)}"


def _time_and_key(bars: Sequence[ScoreBar], track: ScoreTrack) -> Iterator[str]:
    """Key, metre, tempo and words over skips, one line a bar: a tempo may change within a note."""
    marks: dict[int, list[TempoMark]] = {}
    for mark in tempo_marks_of(bars):
        marks.setdefault(mark.bar, []).append(mark)
    before: ScoreBar | None = None
    for i, (bar, inside) in enumerate(zip(bars, track.bars, strict=True)):
        words = []
        if bar.key is not None and (before is None or before.key != bar.key):
            name = key_tonic_name(bar.key)
            tonic = note_name(name[0], name.count("#") - name.count("b"))
            words.append(f"\\key {tonic} \\{bar.key.mode}")
        if before is None or (bar.beats_per_bar, bar.beat_unit) != (before.beats_per_bar, before.beat_unit):
            words.append(f"\\time {bar.beats_per_bar}/{bar.beat_unit}")
        if bar.length < Fraction(4 * bar.beats_per_bar, bar.beat_unit):
            words.append(f"\\partial {length_text(bar.length)}")
        changes = [(m.position * bar.length, _tempo(m)) for m in marks.get(i, ())]
        said = [(b.start, f"<>^{quoted(b.chord)}") for b in inside.beats if _is_word(b.chord)]
        words += _over_skips(sorted(changes + said, key=lambda c: c[0]), bar.length)
        before = bar
        yield " ".join(words) + " |"


def _over_skips(commands: Sequence[tuple[Fraction, str]], length: Fraction) -> Iterator[str]:
    now = Fraction(0)
    for at, command in commands:
        if at > now:
            yield f"s{length_text(at - now)}"
        now = at
        yield command
    if now < length:
        yield f"s{length_text(length - now)}"


def _tempo(mark: TempoMark) -> str:
    """A metronome mark in whole numbers, and the exact tempo for the sound; the first where it is shown."""
    exact = Fraction(mark.quarters_a_minute).limit_denominator(1000) / 4
    sound = f"\\set Score.tempoWholesPerMinute = #(ly:make-moment {exact.numerator}/{exact.denominator})"
    return f"\\tempo 4 = {round(mark.quarters_a_minute)} {sound}" if mark.shown else sound


def _is_word(symbol: str) -> bool:
    return bool(symbol) and symbol != NO_CHORD and split_chord(symbol) is None


def _chords(bars: Sequence[ScoreBar], track: ScoreTrack) -> Iterator[str]:
    """Every chord symbol until the next one; what is no chord is a word over the staff."""
    starts = list(itertools.accumulate((bar.length for bar in bars), initial=Fraction(0)))
    symbols = [
        (start + beat.start, beat.chord)
        for start, inside in zip(starts, track.bars, strict=False)
        for beat in inside.beats
        if beat.chord
    ]
    if symbols and symbols[0][0] > 0:
        yield f"s{length_text(symbols[0][0])}"
    for (start, symbol), (end, _) in itertools.pairwise([*symbols, (starts[-1], "")]):
        chord = split_chord(symbol)
        if chord is not None:
            yield chord_text(chord, end - start)
        else:
            yield f"{'r' if symbol == NO_CHORD else 's'}{length_text(end - start)}"  # a rest reads "N.C."
