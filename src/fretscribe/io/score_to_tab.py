"""From a written score to what one of its tracks sounds like, and to its `Tab`.

What a `Tab` does not hold is counted and said in ``warnings``; harmonics keep the pitch of their place, and
notes that ring keep their written length, as everywhere in a `Tab`. Fingers nothing: a track without strings
comes out as notes, and ``pipeline.importing`` finds their places. Neighbours: ``score_play`` sounds the
notes, ``track_choice`` picks the track, ``score_order`` and ``score_clock`` say when bars sound.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import PurePath

from fretscribe.errors import TabFormatError
from fretscribe.io.score import Score, ScoreTrack, track_place, tuning_of
from fretscribe.io.score_clock import ScoreClock, clock_of
from fretscribe.io.score_order import unrolled_order, written_order
from fretscribe.io.score_play import Sounding, Voices, bar_of, one_a_string, timed_beats
from fretscribe.io.track_choice import choose_track, summaries_of, told_choice
from fretscribe.music import BeatGrid, BendPoint, Chord, Key, Note, Position, Tab, TabNote, Technique, Tuning
from fretscribe.result import Transcription

_MIN_NOTE_S = 1e-4
_MANY_LEFT_OUT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedNote:
    """A note as it sounds: ties joined, graces in their place.

    Attributes
    ----------
    note : Note
    position : Position, or None
        None where the score names only the pitch.
    onset_beats, duration_beats : Fraction
    techniques : frozenset of Technique
    bar : int
        Index of the written bar.
    """

    note: Note
    position: Position | None
    onset_beats: Fraction
    duration_beats: Fraction
    techniques: frozenset[Technique]
    bar: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedTrack:
    """One track of a score as it sounds.

    Attributes
    ----------
    score : Score
    index : int
        Which of its tracks.
    tuning : Tuning, or None
        None where the score names no strings.
    notes : tuple of PlayedNote
        Sorted by onset, then string or pitch; those with positions make a valid `Tab`.
    beats : BeatGrid
    chords : tuple of Chord
    warnings : tuple of str
    """

    score: Score
    index: int
    tuning: Tuning | None
    notes: tuple[PlayedNote, ...]
    beats: BeatGrid
    chords: tuple[Chord, ...]
    warnings: tuple[str, ...]

    @property
    def track(self) -> ScoreTrack:
        return self.score.tracks[self.index]

    @property
    def place(self) -> str:
        """The file and the track, for messages."""
        return f"{self.score.name}: {track_place(self.index, self.track.name)}"

    @property
    def key(self) -> Key | None:
        return self.score.bars[0].key


def score_to_tab(score: Score, *, track: str | None = None, unroll: bool = False) -> Transcription:
    """The tab of one track.

    Parameters
    ----------
    score : Score
    track : str, optional
        Number (from 1) or name of the track; without it the first guitar with notes, else the first bass,
        else any other track with strings.
    unroll : bool
        Whether repeated passages are played as often as they sound.

    Raises
    ------
    OptionError
        If there is no such track.
    TabFormatError
        If the track is a drum kit's, or its strings are not known or not those of a tab.
    """
    return tab_of_played(play_track(score, track=track, unroll=unroll))


def tab_of_played(played: PlayedTrack) -> Transcription:
    """The tab of a played track; raises TabFormatError where it has no strings."""
    if played.tuning is None:
        raise TabFormatError(
            f"{played.place}: names pitches only, no strings and frets",
            mend="`fretscribe convert` finds a fingering for it",
        )
    notes = tuple(
        TabNote(
            note=n.note,
            position=n.position,
            onset_beats=n.onset_beats,
            duration_beats=n.duration_beats,
            techniques=n.techniques,
        )
        for n in played.notes
        if n.position is not None
    )
    return transcription_of(played, played.tuning, notes)


def transcription_of(played: PlayedTrack, tuning: Tuning, notes: tuple[TabNote, ...]) -> Transcription:
    """The tab of a played track with these notes, and where it comes from."""
    tab = Tab(
        tuning=tuning,
        notes=notes,
        beats=played.beats,
        key=played.key,
        chords=played.chords,
        title=played.score.title,
        provenance={
            "source": PurePath(played.score.name).name,
            "artist": played.score.artist,
            "track": played.index + 1,
            "track_name": played.track.name,
        },
    )
    return Transcription(tab=tab, warnings=played.warnings)


def play_track(score: Score, *, track: str | None = None, unroll: bool = False) -> PlayedTrack:
    """One track as it sounds; parameters and errors as `score_to_tab`, but a track needs no strings."""
    index = choose_track(summaries_of(score), track, score.name)
    chosen = score.tracks[index]
    place = f"{score.name}: {track_place(index, chosen.name)}"
    if chosen.kind == "drums":
        raise TabFormatError(f"{place}: is a drum kit, which no tab can hold", mend="choose another --track")
    tuning = tuning_of(chosen, place) if chosen.open_pitches else None
    order = unrolled_order(score.bars, score.name) if unroll else written_order(score.bars)
    clock = clock_of(score, order)
    counts: Counter[str] = Counter(score.left_out)
    voices = Voices(counts)
    for at, bar in enumerate(order):
        for beat, start, end in timed_beats(bar_of(chosen, bar).beats, clock.bar_starts[at], counts):
            voices.strike(beat, start, end, bar)
    sounding = one_a_string(voices.end(), tuning, place, counts)
    notes = tuple(_played(sounding, tuning, clock, counts))
    return PlayedTrack(
        score=score,
        index=index,
        tuning=tuning,
        notes=notes,
        beats=clock.beats,
        chords=_chords(chosen, order, clock),
        warnings=_warnings(score, index, clock, counts, n_notes=len(notes), unroll=unroll),
    )


def _played(
    notes: Sequence[Sounding], tuning: Tuning | None, clock: ScoreClock, counts: Counter[str]
) -> Iterator[PlayedNote]:
    for sounding in notes:
        written = sounding.written
        position = None
        pitch = written.pitch
        if tuning is not None and written.string is not None and written.fret is not None:
            position = Position(string=written.string, fret=written.fret)
            pitch = tuning.pitch(position)
        onset_s, offset_s = clock.time_at(sounding.start), clock.time_at(sounding.end)
        if pitch is None or not 0 <= pitch <= 127 or offset_s - onset_s < _MIN_NOTE_S:
            counts["notes without duration or of no MIDI pitch"] += 1
            continue
        bend = _bend(sounding, clock, onset_s)
        if bend:
            sounding.techniques.add("bend")
        note = Note(onset_s=onset_s, offset_s=offset_s, pitch=pitch, velocity=written.velocity, bend=bend)
        yield PlayedNote(
            note=note,
            position=position,
            onset_beats=clock.beat_at(sounding.start),
            duration_beats=clock.beat_at(sounding.end - sounding.start),
            techniques=frozenset(sounding.techniques),
            bar=sounding.bar,
        )


def _bend(sounding: Sounding, clock: ScoreClock, onset_s: float) -> tuple[BendPoint, ...]:
    if all(math.isclose(cents, 0.0) for _, cents in sounding.curve):
        return ()
    return tuple(
        BendPoint(time_s=clock.time_at(at) - onset_s, cents=cents)
        for at, cents in sorted(sounding.curve, key=lambda p: p[0])
        if at <= sounding.end
    )


def _chords(track: ScoreTrack, order: Sequence[int], clock: ScoreClock) -> tuple[Chord, ...]:
    """Chord symbols, each until the next one or the end."""
    at: list[tuple[Fraction, str]] = []
    for place, bar in enumerate(order):
        for beat in bar_of(track, bar).beats:
            if beat.chord and (not at or at[-1][1] != beat.chord):
                at.append((clock.bar_starts[place] + beat.start, beat.chord))
    at.sort(key=lambda c: c[0])
    if not at:
        return ()
    ends = [start for start, _ in at[1:]] + [clock.bar_starts[-1]]
    return tuple(
        Chord(start_s=clock.time_at(start), end_s=clock.time_at(end), name=name)
        for (start, name), end in zip(at, ends, strict=True)
        if start < end
    )


def _warnings(
    score: Score, index: int, clock: ScoreClock, counts: Counter[str], *, n_notes: int, unroll: bool
) -> tuple[str, ...]:
    warnings = list(told_choice(summaries_of(score), index))
    if not n_notes:
        warnings.append("the track has no notes: the tab is empty")
    repeats = sum(bar.repeat_close > 1 for bar in score.bars)
    if repeats and not unroll:
        warnings.append(f"{repeats} repeated passages are written once (unroll them to hear them all)")
    jumps = sum(len(bar.jumps) for bar in score.bars)
    if jumps:
        counts["jump signs (da capo, segno, coda, fine), which are not followed"] += jumps
    if len({(bar.beats_per_bar, bar.beat_unit) for bar in score.bars}) > 1:
        metre = f"{clock.beats.beats_per_bar}/{clock.beats.beat_unit}"
        warnings.append(f"the metre changes: beats are counted in {metre}, bars keep their lengths")
    if clock.n_bars_off_beat:
        warnings.append(f"{clock.n_bars_off_beat} bars start between two beats and are no downbeats")
    told = [f"{n} {what}" for what, n in sorted(counts.items(), key=lambda c: (-c[1], c[0])) if n]
    if len(told) > _MANY_LEFT_OUT:
        told = [*told[:_MANY_LEFT_OUT], f"{len(told) - _MANY_LEFT_OUT} more kinds"]
    if told:
        warnings.append(f"not in the tab: {'; '.join(told)}")
    return tuple(warnings)
