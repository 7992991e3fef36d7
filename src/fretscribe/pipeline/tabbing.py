"""The second half of the route: heard notes become a tab, with fingering, beats, harmony and confidence.

Neighbours: ``transcriber`` comes here from sound, ``retabbing`` from an older tab.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from fretscribe.convert import pitch_name
from fretscribe.music import BeatGrid, Note, Tab, TabNote, Tuning
from fretscribe.pipeline.ledger import Ledger
from fretscribe.pipeline.options import AUTO, TranscribeOptions
from fretscribe.result import ConfidenceSummary
from fretscribe.symbolic.confidence import ConfidenceEvaluator, Judgement
from fretscribe.symbolic.fingering import Fingering, FingeringOptions, finger
from fretscribe.symbolic.habits import Habits
from fretscribe.symbolic.rhythm import quantize, swing_ratio, track_beats, with_bar_at
from fretscribe.symbolic.theory import Harmony, analyse_harmony
from fretscribe.tunings import tuning_name

_MANY_NAMES = 6


class TrackBeats(Protocol):
    """Finds the beats of notes; see `symbolic.rhythm.track_beats`."""

    def __call__(
        self,
        notes: Sequence[Note],
        duration_s: float,
        *,
        bpm: float | None,
        beats_per_bar: int | None,
        beat_unit: int | None,
    ) -> BeatGrid: ...


def uncalibrated(target_accuracy: float) -> ConfidenceEvaluator:
    """The evaluator before any calibration: it has no threshold."""
    return ConfidenceEvaluator(None, target_accuracy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """The stages that work on notes, each exchangeable.

    Attributes
    ----------
    finger, track_beats, quantize, analyse_harmony : callable
        As the functions of these names in ``symbolic``.
    calibration : callable
        Target accuracy -> `ConfidenceEvaluator`, such as ``partial(ConfidenceEvaluator, calibration)``.
    habits : Habits, or None
        What ``finger`` knows of the player, to be told; see `with_habits`.
    """

    finger: Callable[[Sequence[Note], Tuning, FingeringOptions], Fingering] = finger
    track_beats: TrackBeats = track_beats
    quantize: Callable[[Sequence[TabNote], BeatGrid], tuple[TabNote, ...]] = quantize
    analyse_harmony: Callable[[Sequence[Note], BeatGrid], Harmony] = analyse_harmony
    calibration: Callable[[float], ConfidenceEvaluator] = uncalibrated
    habits: Habits | None = None


def with_habits(hands: Hands, habits: Habits | None) -> Hands:
    """The stages with a fingering that leans to where a player is wont to play; None changes nothing."""
    if habits is None:
        return hands
    return replace(hands, finger=partial(finger, habits=habits), habits=habits)


def compose_tab(
    notes: Sequence[Note],
    tuning: Tuning,
    duration_s: float,
    options: TranscribeOptions,
    hands: Hands,
    ledger: Ledger,
) -> Tab:
    """Finger notes, find their beats and name their harmony.

    ``duration_s`` is where the recording ends. Without notes the tab is empty, and the ledger says so.
    """
    placed = place_notes(notes, tuning, options, hands, ledger)
    if not notes:
        ledger.warn("no notes were heard: the tab is empty")
        for name in ("rhythm", "theory"):
            ledger.note(name, "skipped", "no notes")
        return Tab(tuning=tuning, notes=())
    with ledger.timed("rhythm"):
        beats = find_beats(notes, duration_s, options, hands, ledger)
        placed = count_notes(placed, beats, options, hands)
    with ledger.timed("theory"):
        harmony = hands.analyse_harmony(notes, beats)
    found = f"{len(harmony.chords)} chords" + ("" if harmony.key else ", no key stands out")
    ledger.note("theory", "ran", found)
    return Tab(tuning=tuning, notes=placed, beats=beats, key=harmony.key, chords=harmony.chords)


def place_notes(
    notes: Sequence[Note], tuning: Tuning, options: TranscribeOptions, hands: Hands, ledger: Ledger
) -> tuple[TabNote, ...]:
    """Put notes on strings; what cannot be played is left out and told."""
    if not notes:
        ledger.note("fingering", "skipped", "no notes")
        return ()
    with ledger.timed("fingering"):
        fingering = hands.finger(notes, tuning, options.fingering())
    if fingering.unplayable:
        where = tuning_name(tuning) + (f" with a capo on fret {tuning.capo}" if tuning.capo else "")
        where += "" if options.max_fret is None else f" up to fret {options.max_fret}"
        lowest = min(tuning.open_pitches) + tuning.capo
        too_low = options.tuning == AUTO and min(note.pitch for note in fingering.unplayable) < lowest
        hint = "; if the guitar was tuned lower, give --tuning" if too_low else ""
        ledger.warn(f"{_told(fingering.unplayable)} left out, not to be played in {where}{hint}")
    if fingering.dropped:
        ledger.warn(f"{_told(fingering.dropped)} left out: more at once than a hand can hold")
    left_out = len(fingering.unplayable) + len(fingering.dropped)
    detail = f"{len(fingering.notes)} notes placed, {left_out} left out"
    if hands.habits is not None:
        detail += f"; leaning to this player's habits, {told_habits(hands.habits)}"
    ledger.note("fingering", "ran", detail)
    return fingering.notes


def told_habits(habits: Habits) -> str:
    """What habits rest on, such as ``learned from 120 notes of 2 recordings``."""
    recordings = "1 recording" if habits.n_recordings == 1 else f"{habits.n_recordings} recordings"
    return f"learned from {habits.n_notes} notes of {recordings}"


def find_beats(
    notes: Sequence[Note], duration_s: float, options: TranscribeOptions, hands: Hands, ledger: Ledger
) -> BeatGrid:
    """Track the beats, with the tempo, metre and bar line that the user gave."""
    beats = hands.track_beats(
        notes,
        duration_s,
        bpm=options.bpm,
        beats_per_bar=options.beats_per_bar,
        beat_unit=options.beat_unit,
    )
    beats = begin_bar(beats, options)
    tempo = "given" if options.bpm else "found"
    meter = "given" if options.meter else "assumed"
    if beats.meter_confidence is not None:
        meter = f"found, {beats.meter_confidence:.0%} sure"
    detail = f"{beats.tempo_bpm:.1f} bpm ({tempo}), {beats.beats_per_bar}/{beats.beat_unit} ({meter})"
    detail += told_bar(options)
    swing = swing_ratio([note.onset_s for note in notes], beats)
    if swing is not None:
        detail += f", swung {swing:.0%} to {1 - swing:.0%}: written in thirds of a beat"
    if not options.quantize:
        detail += "; notes are not quantised, as asked"
    ledger.note("rhythm", "ran", detail)
    return beats


def begin_bar(beats: BeatGrid, options: TranscribeOptions) -> BeatGrid:
    """The beats, moved to where the user says that a bar begins."""
    return beats if options.downbeat_s is None else with_bar_at(beats, options.downbeat_s)


def told_bar(options: TranscribeOptions) -> str:
    """Such as ``; a bar begins at 3.2 s, as given``."""
    return "" if options.downbeat_s is None else f"; a bar begins at {options.downbeat_s:.4g} s, as given"


def count_notes(
    notes: Sequence[TabNote], beats: BeatGrid, options: TranscribeOptions, hands: Hands
) -> tuple[TabNote, ...]:
    """Give notes their written places and lengths, or none where quantising was turned off."""
    if options.quantize:
        return hands.quantize(notes, beats)
    return tuple(replace(note, onset_beats=None, duration_beats=None) for note in notes)


def judge_confidence(
    tab: Tab, target_accuracy: float, hands: Hands, ledger: Ledger
) -> tuple[Tab, ConfidenceSummary]:
    """Give every note its confidence."""
    evaluator = hands.calibration(target_accuracy)
    with ledger.timed("confidence"):
        judgements = evaluator.judge(tab.notes)
        notes = tuple(
            replace(note, confidence=told.confidence)
            for note, told in zip(tab.notes, judgements, strict=True)
        )
    n_calibrated = sum(told.calibrated for told in judgements)
    ran = evaluator.calibration is not None and (n_calibrated > 0 or not notes)
    ledger.note("confidence", "ran" if ran else "fallback", _told_confidence(evaluator, judgements))
    return replace(tab, notes=notes), evaluator.summarize(notes)


def _told_confidence(evaluator: ConfidenceEvaluator, judgements: Sequence[Judgement]) -> str:
    """Which calibration, which threshold, what it promises, and how many notes it could not judge."""
    calibration, threshold = evaluator.calibration, evaluator.threshold
    if calibration is None or threshold is None:
        return "not calibrated: P(the note is there) times P(this place)"
    of = f"{calibration.method} of {', '.join(calibration.features)}, calibrated on {calibration.level}"
    if threshold.threshold is None or threshold.accuracy is None:
        accepted = f"target {threshold.target:.0%} not met by any threshold, nothing is accepted"
    else:
        accepted = f"accepted from {threshold.threshold:.3f} ({threshold.accuracy:.1%} right when held out)"
        if threshold.target != evaluator.target_accuracy:
            asked, stored = f"{evaluator.target_accuracy:.1%}", f"{threshold.target:.0%}"
            accepted += f", the threshold for {stored}, the next stored above {asked}"
    n_lost = sum(not told.calibrated for told in judgements)
    lost = f"; {n_lost} of {len(judgements)} notes lack a feature: left uncalibrated" if n_lost else ""
    return f"{of}; {accepted}{lost}"


def _told(notes: Sequence[Note]) -> str:
    """Such as ``3 notes (C#2, D2 x2)``: how many, and which pitches."""
    counts = Counter(note.pitch for note in notes)
    names = [pitch_name(p) + (f" x{n}" if n > 1 else "") for p, n in sorted(counts.items())]
    if len(names) > _MANY_NAMES:
        names = [*names[:_MANY_NAMES], "..."]
    return f"{len(notes)} note{'s' if len(notes) > 1 else ''} ({', '.join(names)})"
