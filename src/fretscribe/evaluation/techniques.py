"""How right the marks of techniques are, on studies rendered with exact truth.

A mark is right if its note stands for a played one (see ``technique_match``) that has the technique. Recall
is of all that was played, notes that nobody heard included. Dead notes are counted a stroke, whatever its
strings: these are not heard. Neighbours: ``datasets.technique_set`` plays the
studies; ``pipeline.technique_marks`` writes the marks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from fretscribe.datasets.technique_set import Study, StudyPlan
from fretscribe.dsp.detune import estimate_detune
from fretscribe.evaluation.metrics import ONSET_TOLERANCE_S
from fretscribe.evaluation.technique_match import match_notes
from fretscribe.frames import Audio
from fretscribe.music import Note, Position, Tab, TabNote, Technique
from fretscribe.pipeline.dead_notes import HearDeadStrokes, write_dead_notes
from fretscribe.pipeline.detuning import bring_in_tune
from fretscribe.pipeline.ledger import Ledger
from fretscribe.pipeline.options import TranscribeOptions
from fretscribe.pipeline.tabbing import Hands
from fretscribe.pipeline.technique_marks import HearTechniques, mark_techniques
from fretscribe.symbolic.harmonics import sounding_above_open

MEASURED: tuple[Technique, ...] = (
    "bend", "vibrato", "slide", "hammer_on", "pull_off", "palm_mute", "dead", "harmonic",
)  # fmt: skip
NOT_BY_SAMPLES: frozenset[Technique] = frozenset({"hammer_on", "pull_off"})
"""Sampled guitars play no true ones: not counted there, but for marks on other notes."""

TARGET_PRECISION, TARGET_RECALL = 0.8, 0.5
_ONE_STROKE_S = 0.06
_LONG_NECK = 28  # as many frets as harmonics sound above the open string

Heard = str
HEARD: Heard = "heard notes"
GIVEN: Heard = "given the true notes"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkCounts:
    """Notes played with a technique, marks written, and marks that are right."""

    played: int = 0
    marked: int = 0
    right: int = 0

    @property
    def precision(self) -> float | None:
        """None where nothing was marked."""
        return self.right / self.marked if self.marked else None

    @property
    def recall(self) -> float | None:
        """None where nothing was played."""
        return self.right / self.played if self.played else None

    def __add__(self, other: MarkCounts) -> MarkCounts:
        return MarkCounts(
            played=self.played + other.played,
            marked=self.marked + other.marked,
            right=self.right + other.right,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRow:
    """One study judged.

    Attributes
    ----------
    instrument : str
    heard : str
        `HEARD` or `GIVEN`.
    counts : mapping of Technique to MarkCounts
    wrong : Counter of (Technique, str)
        What was really played at wrong marks.
    """

    instrument: str
    heard: Heard
    counts: dict[Technique, MarkCounts]
    wrong: Counter[tuple[Technique, str]] = field(default_factory=Counter)


def measure_studies(
    plans: Iterable[StudyPlan],
    transcribe: Callable[[Audio], Tab],
    hear: HearTechniques,
    hear_dead: HearDeadStrokes,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[StudyRow, ...]:
    """Play studies, transcribe them, and judge the marks; then again with the true notes given.

    Parameters
    ----------
    plans : iterable of StudyPlan
    transcribe : callable
        From mono sound to a tab in standard tuning, with dead notes.
    hear, hear_dead : callable
        Mark the true notes, and find the dead ones between them.
    progress : callable
    """
    rows = []
    for number, plan in enumerate(plans, start=1):
        progress(f"study {number}: {plan.instrument}")
        study = plan.play()
        rows.append(judge_marks(study, transcribe(study.audio), HEARD))
        rows.append(judge_marks(study, _with_true_notes(study, hear, hear_dead), GIVEN))
    return tuple(rows)


def judge_marks(study: Study, est: Tab, heard: Heard) -> StudyRow:
    """Count played, marked and rightly marked notes of each technique."""
    truth = study.tab.notes
    stands_for = {j: truth[i] for i, j in match_notes(truth, est.notes).items()}
    counts: dict[Technique, MarkCounts] = {}
    wrong: Counter[tuple[Technique, str]] = Counter()
    counts["dead"], n_wrong = _dead_strokes(study, est)
    wrong["dead", "no dead stroke"] = n_wrong
    for technique in (name for name in MEASURED if name != "dead"):
        marked = [j for j, note in enumerate(est.notes) if technique in note.techniques]
        right = [j for j in marked if j in stands_for and technique in stands_for[j].techniques]
        if study.sampled and technique in NOT_BY_SAMPLES:
            marked, right, played = [j for j in marked if j not in right], [], 0
        else:
            played = sum(technique in note.techniques for note in truth)
        counts[technique] = MarkCounts(played=played, marked=len(marked), right=len(right))
        for j in set(marked) - set(right):
            really = stands_for.get(j)
            told = "no note" if really is None else "+".join(sorted(really.techniques)) or "plain"
            wrong[technique, told] += 1
    return StudyRow(instrument=study.instrument, heard=heard, counts=counts, wrong=+wrong)


def _dead_strokes(study: Study, est: Tab) -> tuple[MarkCounts, int]:
    """Counts of dead strokes, and how many marks are of none."""
    played, marked = (_strokes_s(tab) for tab in (study.tab, est))
    right = 0
    for time_s in marked:
        near = [true_s for true_s in played if abs(true_s - time_s) <= ONSET_TOLERANCE_S]
        if near:
            right += 1
            played.remove(min(near, key=lambda true_s: abs(true_s - time_s)))
    counts = MarkCounts(played=len(played) + right, marked=len(marked), right=right)
    return counts, len(marked) - right


def _strokes_s(tab: Tab) -> list[float]:
    """Onsets of the dead notes of a tab, one a stroke."""
    strokes: list[float] = []
    for note in tab.notes:
        if "dead" in note.techniques and (not strokes or note.note.onset_s - strokes[-1] > _ONE_STROKE_S):
            strokes.append(note.note.onset_s)
    return strokes


def _with_true_notes(study: Study, hear: HearTechniques, hear_dead: HearDeadStrokes) -> Tab:
    options = TranscribeOptions(dead_notes=True)
    heard = bring_in_tune(study.audio, options, estimate_detune, Ledger())
    tuning = replace(study.tab.tuning, n_frets=_LONG_NECK)
    bare = [_unmarked(note, tuning.highest_fret) for note in study.tab.notes]
    tab = replace(
        study.tab,
        tuning=tuning,
        notes=tuple(note for note in bare if note is not None),
        beats=None,
        chords=(),
    )
    tab = mark_techniques(tab, heard, 0.0, hear, Ledger())
    return write_dead_notes(tab, heard, options, hear_dead, Hands(), Ledger())


def _unmarked(note: TabNote, highest_fret: int) -> TabNote | None:
    """A true note as a transcriber would have it; dead notes sound no pitch."""
    if "dead" in note.techniques:
        return None
    fret, pitch = note.position.fret, note.note.pitch
    above = sounding_above_open(fret) if "harmonic" in note.techniques else None
    if above is not None and above != fret:
        if above > highest_fret:
            return None
        pitch, fret = pitch - fret + above, above
    plain = Note(onset_s=note.note.onset_s, offset_s=note.note.offset_s, pitch=pitch)
    return TabNote(note=plain, position=Position(string=note.position.string, fret=fret))


def pooled(rows: Sequence[StudyRow]) -> dict[Technique, MarkCounts]:
    """Counts of all rows together."""
    return {technique: sum((row.counts[technique] for row in rows), MarkCounts()) for technique in MEASURED}
