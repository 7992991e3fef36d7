"""A `Score` to Guitar Pro 5, a ``.gp5`` file, by PyGuitarPro.

Holds title, artist, tuning, capo, metres, key, written values with tuplets and ties, chord symbols and the
techniques. What the format cannot hold: more than 7 strings, bends down or above three whole tones or finer
than a quarter tone and a twelfth of their note, tempos that are no whole number, a tempo mark inside a note
(it moves to the nearest one), velocities finer than eight dynamics a beat, text outside code page 1252, that
a key is unknown (C major then), and that the first bar is a pick-up: it gets a metre of its own. Strings
count 1 = highest there. Writes scores as ``tab_to_score`` makes them. Neighbours: ``guitar_pro_reader`` reads
the result, ``gpif_writer`` writes what newer versions of Guitar Pro read.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence

import guitarpro
from guitarpro import models as gp

from fretscribe.errors import OutputError
from fretscribe.io.key_signatures import fifths_of_key
from fretscribe.io.score import CurvePoint, Score, ScoreBar, ScoreBeat, ScoreNote, ScoreTrack, Slide
from fretscribe.io.score_signs import one_line, only_track, place_of, tempo_marks_of, written_value
from fretscribe.io.tab_to_score import told_losses

_VERSION = (5, 1, 0)
_ENCODING = "cp1252"
_MOST_STRINGS = 7
_MOST_BEATS = 127  # in a bar
_TEMPOS = (1, 999)
_QUARTER_TONE = 50
_HIGHEST_BEND = 12  # quarter tones
_BEND_STEPS = 12
_MOST_TITLE, _MOST_NAME, _MOST_CHORD = 255, 40, 22

_SLIDES: dict[Slide, gp.SlideType] = {
    "shift": gp.SlideType.shiftSlideTo,
    "legato": gp.SlideType.legatoSlideTo,
    "in_below": gp.SlideType.intoFromBelow,
    "in_above": gp.SlideType.intoFromAbove,
    "out_down": gp.SlideType.outDownwards,
    "out_up": gp.SlideType.outUpwards,
}


def render_gp5(score: Score) -> bytes:
    """The bytes of a ``.gp5`` file; the same score gives the same bytes.

    Raises
    ------
    OutputError
        If the guitar has more than 7 strings, or a bar more than 127 beats.
    ValueError
        If the score is not one that ``tab_to_score`` makes.
    """
    buffer = io.BytesIO()
    guitarpro.write(_Writer(score).song, buffer, version=_VERSION, encoding=_ENCODING)
    return buffer.getvalue()


def gp5_losses(score: Score) -> tuple[str, ...]:
    """What a ``.gp5`` file of a score would lack, its own losses included; errors as above."""
    return (*told_losses(score), *_Writer(score).losses())


class _Writer:
    """One score as PyGuitarPro's song, and a count of what did not fit."""

    def __init__(self, score: Score) -> None:
        self._lost: Counter[str] = Counter()
        self._velocity = 0
        self._score = score
        track = only_track(score)
        if len(track.open_pitches) > _MOST_STRINGS:
            raise OutputError(
                f"Guitar Pro 5 holds at most {_MOST_STRINGS} strings, not {len(track.open_pitches)}",
                mend="gp and musicxml files hold them all",
            )
        for bar in score.bars:
            if bar.length * bar.beat_unit / 4 > _MOST_BEATS:
                raise OutputError(f"Guitar Pro 5 holds at most {_MOST_BEATS} beats a bar")
        self.song = self._song(track)

    def losses(self) -> Iterator[str]:
        yield from (f"{n} {what}" for what, n in sorted(self._lost.items(), key=lambda c: (-c[1], c[0])) if n)

    def _song(self, scored: ScoreTrack) -> gp.Song:
        bars = self._score.bars
        song = gp.Song(tracks=[], measureHeaders=[_header(i, bar) for i, bar in enumerate(bars)])
        song.title = self._text(self._score.title, _MOST_TITLE)
        song.artist = self._text(self._score.artist, _MOST_TITLE)
        song.tempoName = ""
        song.key = song.measureHeaders[0].keySignature
        track = gp.Track(
            song,
            name=self._text(scored.name, _MOST_NAME),
            fretCount=scored.n_frets,
            offset=scored.capo,
            strings=[gp.GuitarString(i, p) for i, p in enumerate(reversed(scored.open_pitches), start=1)],
            measures=[],
        )
        track.settings.diagramList = False
        if scored.program is not None:
            track.channel.instrument = scored.program
        for header, inside in zip(song.measureHeaders, scored.bars, strict=True):
            measure = gp.Measure(track, header)
            measure.voices[0].beats = [self._beat(measure.voices[0], beat) for beat in inside.beats]
            track.measures.append(measure)
        song.tracks.append(track)
        self._write_tempos(song, scored)
        return song

    def _beat(self, voice: gp.Voice, scored: ScoreBeat) -> gp.Beat:
        value = written_value(scored)
        duration = gp.Duration(value=value.head, isDotted=bool(value.dots), tuplet=gp.Tuplet(*value.tuplet))
        beat = gp.Beat(voice, duration=duration, status=gp.BeatStatus.normal)
        if not scored.notes:
            beat.status = gp.BeatStatus.rest
        self._follow_dynamics(scored)
        beat.notes = [self._note(beat, note) for note in scored.notes]
        if scored.chord:
            beat.effect.chord = self._chord(scored.chord, len(voice.measure.track.strings))
        return beat

    def _note(self, beat: gp.Beat, scored: ScoreNote) -> gp.Note:
        string, fret = place_of(scored)
        note = gp.Note(beat, value=fret, velocity=self._velocity, type=gp.NoteType.normal)
        note.string = len(beat.voice.measure.track.strings) - string
        if scored.tied:
            note.type = gp.NoteType.tie
        elif "dead" in scored.techniques:
            note.type = gp.NoteType.dead
        effect = note.effect
        effect.hammer = scored.hammer
        effect.slides = sorted((_SLIDES[s] for s in scored.slides), key=lambda s: s.value)
        effect.vibrato = "vibrato" in scored.techniques
        effect.palmMute = "palm_mute" in scored.techniques
        effect.letRing = "let_ring" in scored.techniques
        if "harmonic" in scored.techniques:
            effect.harmonic = gp.NaturalHarmonic()
        if scored.bend:
            effect.bend = self._bend(scored.bend)
        return note

    def _follow_dynamics(self, scored: ScoreBeat) -> None:
        """A dynamic holds until a struck beat is a whole step louder or softer: every change is printed."""
        softest: int = gp.Velocities.minVelocity
        step: int = gp.Velocities.velocityIncrement
        loudest = max((n.velocity for n in scored.notes if not n.tied), default=None)
        if loudest is None:
            return
        if not self._velocity or abs(loudest - self._velocity) >= step:
            self._velocity = softest + step * min(max((loudest - softest + step // 2) // step, 0), 7)

    def _bend(self, curve: Sequence[CurvePoint]) -> gp.BendEffect | None:
        heights: dict[int, int] = {}
        for point in curve:
            height = round(point.cents / _QUARTER_TONE)
            self._lost["points of bends below the fret or above three whole tones"] += (
                not 0 <= height <= _HIGHEST_BEND
            )
            heights[round(point.at * _BEND_STEPS)] = min(max(height, 0), _HIGHEST_BEND)
        if not any(heights.values()):
            self._lost["bends of less than a quarter tone"] += 1
            return None
        points = [gp.BendPoint(position, heights[position]) for position in sorted(heights)]
        first, highest, last = points[0].value, max(heights.values()), points[-1].value
        kind = gp.BendType.bend if last == highest else gp.BendType.bendRelease
        if first == highest:
            kind = gp.BendType.prebend if last == highest else gp.BendType.prebendRelease
        return gp.BendEffect(type=kind, value=highest * _QUARTER_TONE // 2, points=points)

    def _chord(self, name: str, n_strings: int) -> gp.Chord:
        """A symbol without a diagram."""
        text = self._text(name, _MOST_CHORD)
        return gp.Chord(n_strings, name=text, newFormat=True, firstFret=0, show=False)

    def _write_tempos(self, song: gp.Song, scored: ScoreTrack) -> None:
        """The first tempo in the head, the others with the beats that are nearest."""
        song.tempo = 0
        for mark in tempo_marks_of(self._score.bars):
            tempo = min(max(round(mark.quarters_a_minute), _TEMPOS[0]), _TEMPOS[1])
            self._lost["tempos that are no whole number"] += tempo != mark.quarters_a_minute
            if not song.tempo:
                song.tempo = tempo
                continue
            at = mark.position * self._score.bars[mark.bar].length
            beats = scored.bars[mark.bar].beats
            nearest = min(range(len(beats)), key=lambda i: abs(beats[i].start - at))
            self._lost["tempo changes inside a note"] += beats[nearest].start != at
            effect = song.tracks[0].measures[mark.bar].voices[0].beats[nearest].effect
            item = gp.MixTableItem(value=tempo, allTracks=True)
            effect.mixTableChange = gp.MixTableChange(tempo=item, hideTempo=not mark.shown)

    def _text(self, text: str, most: int) -> str:
        """Text that the file can hold: one line of code page 1252."""
        plain = one_line(text)
        held = plain.encode(_ENCODING, "replace").decode(_ENCODING)[:most]
        self._lost["texts with signs outside code page 1252, or too long"] += held != plain
        return held


def _header(index: int, bar: ScoreBar) -> gp.MeasureHeader:
    beats = bar.length * bar.beat_unit / 4
    if beats.denominator != 1:
        raise ValueError(f"bar {index + 1} lasts {beats} beats")
    metre = gp.TimeSignature(numerator=int(beats), denominator=gp.Duration(value=bar.beat_unit))
    header = gp.MeasureHeader(number=index + 1, timeSignature=metre)
    if bar.key is not None:
        header.keySignature = gp.KeySignature((fifths_of_key(bar.key), int(bar.key.mode == "minor")))
    return header
