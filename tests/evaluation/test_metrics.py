"""Note and frame measures: hand-made examples, properties, and mir_eval as the oracle."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterable

import mir_eval
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.evaluation.metrics import (
    Counts,
    FrameScores,
    frame_grid,
    frame_scores,
    match_notes,
    match_notes_on_strings,
    note_correctness,
    note_scores,
)
from fretscribe.evaluation.notes import NoteArrays, note_arrays
from fretscribe.frames import FrameGrid

OPEN = (40, 45, 50, 55, 59, 64)
STEP_S = 0.25
TENTHS = FrameGrid(sample_rate=10, hop_length=1, n_frames=10)
HandNote = tuple[float, float, int, int]  # onset_s, offset_s, string, fret


def notes_at(*rows: HandNote) -> NoteArrays:
    """Notes in standard tuning."""
    return _from_rows(rows)


def _from_rows(rows: Iterable[HandNote]) -> NoteArrays:
    rows = list(rows)
    return note_arrays(
        [onset for onset, _, _, _ in rows],
        [offset for _, offset, _, _ in rows],
        [OPEN[string] + fret for _, _, string, fret in rows],
        [string for _, _, string, _ in rows],
        [fret for _, _, _, fret in rows],
    )


@st.composite
def playable(draw: st.DrawFn, *, min_size: int = 0) -> NoteArrays:
    """Notes on a grid of a quarter of a second, at most one a string and step, none overlapping."""
    slot = st.tuples(st.integers(0, 20), st.integers(0, 5))
    slots = draw(st.lists(slot, unique=True, min_size=min_size, max_size=25))
    frets = draw(st.lists(st.integers(0, 15), min_size=len(slots), max_size=len(slots)))
    lengths = draw(st.lists(st.floats(0.06, STEP_S), min_size=len(slots), max_size=len(slots)))
    return _from_rows(
        (step * STEP_S, step * STEP_S + length, string, fret)
        for (step, string), fret, length in sorted(zip(slots, frets, lengths, strict=True))
    )


@st.composite
def guesses_of(draw: st.DrawFn, ref: NoteArrays) -> NoteArrays:
    """A version of ``ref`` with notes lost, moved in time and pitch, shortened, and put on other strings."""
    n = len(ref)
    keep = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)), dtype=np.bool_)
    moves = draw(st.lists(st.floats(0.0, 0.12), min_size=n, max_size=n))
    bends = draw(st.lists(st.sampled_from([0.0, 0.3, -0.45, 0.7, 12.0]), min_size=n, max_size=n))
    lengths = draw(st.lists(st.floats(0.05, 0.5), min_size=n, max_size=n))
    strings = draw(st.lists(st.integers(0, 5), min_size=n, max_size=n))
    onsets = ref.onset_s + np.array(moves)
    moved = note_arrays(onsets, onsets + np.array(lengths), ref.pitch + np.array(bends), strings, ref.fret)
    return moved.select(keep)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[NoteArrays, NoteArrays]:
    ref = draw(playable())
    return ref, draw(st.one_of(guesses_of(ref), playable()))


def shifted(notes: NoteArrays, by_s: float) -> NoteArrays:
    return note_arrays(notes.onset_s + by_s, notes.offset_s + by_s, notes.pitch, notes.string, notes.fret)


# notes -----------------------------------------------------------------------------------------------


@given(playable(min_size=1))
def test_a_perfect_estimate_scores_one(notes: NoteArrays) -> None:
    scores = note_scores(notes, notes)
    assert (scores.onset.f1, scores.offset.f1, scores.tab.f1, scores.string_accuracy) == (1, 1, 1, 1)
    assert note_correctness(notes, notes).all()


@given(playable())
def test_an_empty_estimate_or_reference_scores_zero(notes: NoteArrays) -> None:
    empty = notes_at()
    for scores in (note_scores(notes, empty), note_scores(empty, notes)):
        assert (scores.onset.f1, scores.offset.f1, scores.tab.f1, scores.string_accuracy) == (0, 0, 0, 0)
    assert note_correctness(empty, notes).tolist() == [False] * len(notes)


@given(playable(), st.sampled_from([0.06, -0.06, 0.1]))
def test_sixty_milliseconds_are_too_late_and_forty_are_not(notes: NoteArrays, by_s: float) -> None:
    later = shifted(notes, 0.2)
    assert note_scores(later, shifted(later, by_s)).onset.n_matched == 0
    assert note_scores(later, shifted(later, math.copysign(0.04, by_s))).onset.n_matched == len(notes)


@given(pairs())
def test_swapping_truth_and_guess_swaps_precision_and_recall(pair: tuple[NoteArrays, NoteArrays]) -> None:
    there, back = note_scores(*pair), note_scores(pair[1], pair[0])
    for one, other in ((there.onset, back.onset), (there.tab, back.tab)):
        assert (one.precision, one.recall, one.f1) == (other.recall, other.precision, other.f1)


@given(pairs())
def test_stricter_measures_never_score_higher(pair: tuple[NoteArrays, NoteArrays]) -> None:
    scores = note_scores(*pair)
    assert scores.tab.n_matched <= scores.onset.n_matched
    assert scores.offset.n_matched <= scores.onset.n_matched
    assert note_correctness(*pair).sum() <= scores.tab.n_matched


@given(pairs(), st.data())
def test_the_order_of_notes_does_not_matter(pair: tuple[NoteArrays, NoteArrays], data: st.DataObject) -> None:
    ref, est = pair
    order = np.array(data.draw(st.permutations(range(len(est)))), dtype=np.int64)
    turned = est.select(order)
    assert note_scores(ref, turned) == note_scores(ref, est)


@pytest.mark.parametrize("with_offsets", [False, True])
@given(pair=pairs())
def test_note_scores_are_those_of_mir_eval(pair: tuple[NoteArrays, NoteArrays], with_offsets: bool) -> None:
    ref, est = pair
    if len(ref) == 0 or len(est) == 0:
        return  # mir_eval warns
    precision, recall, f1, _ = mir_eval.transcription.precision_recall_f1_overlap(
        np.stack([ref.onset_s, ref.offset_s], axis=1),
        440.0 * 2.0 ** ((ref.pitch - 69.0) / 12.0),
        np.stack([est.onset_s, est.offset_s], axis=1),
        440.0 * 2.0 ** ((est.pitch - 69.0) / 12.0),
        offset_ratio=0.2 if with_offsets else None,
    )
    scores = note_scores(ref, est)
    counts = scores.offset if with_offsets else scores.onset
    assert (counts.precision, counts.recall) == pytest.approx((precision, recall))
    assert counts.f1 == pytest.approx(f1)


def test_hand_made_notes() -> None:
    ref = notes_at((0.0, 0.5, 0, 3), (0.5, 1.0, 1, 0), (1.0, 1.5, 5, 0), (1.0, 1.5, 2, 2))
    est = notes_at(
        (0.04, 0.5, 0, 3),  # right, and ends in time
        (0.5, 0.7, 0, 5),  # right pitch on another string, ends too early
        (1.0, 1.5, 5, 1),  # a semitone high
        (1.03, 1.59, 2, 2),  # right, ends 90 ms late: within 20 % of 500 ms
        (3.0, 3.5, 2, 2),  # from nowhere
    )
    scores = note_scores(ref, est)
    assert scores.onset == Counts(n_matched=3, n_ref=4, n_est=5)
    assert scores.offset == Counts(n_matched=2, n_ref=4, n_est=5)
    assert scores.tab == Counts(n_matched=2, n_ref=4, n_est=5)
    assert scores.string_accuracy == pytest.approx(2 / 3)
    assert note_correctness(ref, est).tolist() == [True, False, False, True, False]
    assert match_notes(ref, est).tolist() == [[0, 0], [1, 1], [3, 3]]
    assert match_notes_on_strings(ref, est).tolist() == [[0, 0], [3, 3]]


def test_a_note_is_matched_once() -> None:
    ref = notes_at((0.0, 1.0, 0, 3))
    est = notes_at((0.0, 0.02, 0, 3), (0.03, 1.0, 0, 3))
    assert note_scores(ref, est).onset == Counts(n_matched=1, n_ref=1, n_est=2)


def test_a_fractional_pitch_matches_within_fifty_cents() -> None:
    ref = note_arrays([0.0], [1.0], [52.4], [0], [12])
    for pitch, matched in ((52, 1), (53, 0), (52.85, 1)):
        assert len(match_notes(ref, note_arrays([0.0], [1.0], [pitch], [0], [12]))) == matched


def test_the_right_pitch_on_the_right_string_of_another_tuning_is_not_the_right_fret() -> None:
    ref = notes_at((0.0, 1.0, 0, 3))
    drop_d = note_arrays([0.0], [1.0], [43], [0], [5])
    assert note_scores(ref, drop_d).tab.n_matched == 1
    assert note_correctness(ref, drop_d).tolist() == [False]


# frames ----------------------------------------------------------------------------------------------


def test_frames_start_at_zero_and_end_before_the_recording_does() -> None:
    grid = frame_grid(1.0)
    assert grid.n_frames == 44
    assert grid.time_s(43) < 1.0 <= grid.time_s(44)


def test_hand_made_frames() -> None:
    ref = notes_at((0.0, 0.5, 0, 5), (0.2, 0.4, 5, 0))  # A2 for 5 frames, E4 for 2
    est = notes_at((0.1, 0.6, 0, 5), (0.2, 0.4, 4, 5))  # A2 right for 4 of 5, E4 on another string
    scores = frame_scores(ref, est, TENTHS)
    assert scores.tab == Counts(n_matched=4, n_ref=7, n_est=7)
    assert scores.multipitch == Counts(n_matched=6, n_ref=7, n_est=7)
    assert scores.tdr == pytest.approx(4 / 6)


def test_a_unison_is_one_pitch_and_two_places_so_tdr_may_pass_one() -> None:
    unison = notes_at((0.0, 0.5, 4, 5), (0.0, 0.5, 5, 0))
    scores = frame_scores(unison, unison, TENTHS)
    assert scores.multipitch == Counts(n_matched=5, n_ref=5, n_est=5)
    assert scores.tab == Counts(n_matched=10, n_ref=10, n_est=10)
    assert scores.tdr == 2.0


def test_a_string_has_one_fret_a_frame_and_the_later_note_takes_it() -> None:
    overlapping = notes_at((0.0, 0.5, 0, 1), (0.3, 0.6, 0, 2))
    cut = notes_at((0.0, 0.3, 0, 1), (0.3, 0.6, 0, 2))
    assert frame_scores(overlapping, cut, TENTHS).tab == Counts(n_matched=6, n_ref=6, n_est=6)


def test_annotated_pitches_are_rounded_for_frames() -> None:
    ref = note_arrays([0.0], [0.5], [44.6], [0], [5])
    est = notes_at((0.0, 0.5, 0, 5))
    assert frame_scores(ref, est, TENTHS).multipitch.f1 == 1.0


def test_silence_scores_no_hits() -> None:
    empty = notes_at()
    assert frame_scores(empty, empty, TENTHS) == FrameScores()
    assert frame_scores(empty, empty, TENTHS).tdr == 0.0
    assert frame_scores(empty, notes_at((0.0, 0.3, 0, 0)), TENTHS).tab == Counts(n_est=3)


@given(playable(min_size=1))
def test_frames_of_a_perfect_estimate_score_one(notes: NoteArrays) -> None:
    scores = frame_scores(notes, notes, frame_grid(6.0))
    assert (scores.tab.f1, scores.multipitch.f1) == (1.0, 1.0)
    assert scores.tdr >= 1.0


@given(pairs())
def test_frame_counts_agree_with_a_plain_count(pair: tuple[NoteArrays, NoteArrays]) -> None:
    ref, est = pair
    grid = FrameGrid(sample_rate=20, hop_length=1, n_frames=120)

    def places(notes: NoteArrays, *, by_pitch: bool) -> set[tuple[int, ...]]:
        on_string: dict[tuple[int, int], tuple[int, ...]] = {}
        for i in np.argsort(notes.onset_s, kind="stable"):
            for frame in range(grid.n_frames):
                if notes.onset_s[i] <= grid.time_s(frame) < notes.offset_s[i]:
                    pitch, string, fret = round(notes.pitch[i]), int(notes.string[i]), int(notes.fret[i])
                    on_string[frame, string] = (frame, pitch) if by_pitch else (frame, string, fret)
        return set(on_string.values())

    scores = frame_scores(ref, est, grid)
    for counts, by_pitch in ((scores.multipitch, True), (scores.tab, False)):
        in_ref, in_est = places(ref, by_pitch=by_pitch), places(est, by_pitch=by_pitch)
        assert counts == Counts(n_matched=len(in_ref & in_est), n_ref=len(in_ref), n_est=len(in_est))


# counts and arrays -----------------------------------------------------------------------------------


def test_counts_pool_by_adding() -> None:
    pooled = Counts(n_matched=1, n_ref=2, n_est=3) + Counts(n_matched=2, n_ref=2, n_est=2)
    assert (pooled.precision, pooled.recall, pooled.f1) == (0.6, 0.75, 6 / 9)
    with pytest.raises(ValueError, match="impossible counts"):
        Counts(n_matched=2, n_ref=1, n_est=3)


@pytest.mark.parametrize(
    ("offsets", "pitches", "message"),
    [
        ([0.5], [40, 41], "one shape"),
        ([0.5, 1.0], [40, math.nan], "finite"),
        ([0.5, 0.2], [40, 41], "end after it starts"),
    ],
)
def test_impossible_arrays_are_refused(offsets: list[float], pitches: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        note_arrays([0.0, 0.2], offsets, pitches, [0, 1], [0, 0])


def test_without_mir_eval_the_mend_is_named() -> None:
    script = (
        "import sys\n"
        "sys.modules['mir_eval'] = None\n"  # as if it were not installed
        "from fretscribe.errors import MissingExtraError\n"
        "from fretscribe.evaluation.metrics import require_mir_eval\n"
        "try:\n"
        "    require_mir_eval()\n"
        "except MissingExtraError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("evaluation needs the extra 'eval', which is not installed (")
    assert done.stdout.endswith('pip install "fretscribe[eval]")\n')
