import dataclasses
import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fretscribe.frames import FrameGrid, StringRoll
from fretscribe.music import STANDARD_TUNING, Tuning
from fretscribe.symbolic.decode import (
    DecodeParams,
    close_gaps,
    decode_notes,
    for_tuning,
    onset_peaks,
    string_evidence,
)

PITCH_MIN, N_PITCHES = 33, 56
RATE, HOP = 22050, 384  # 57.4 frames a second
STEP_S = HOP / RATE


def empty(n_frames=120, n_strings=6):
    shape = (n_frames, n_strings, N_PITCHES)
    return np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32)


def put(onset, active, pitch, start, stop, string=2, height=0.9, share=1.0):
    column = pitch - PITCH_MIN
    onset[start, string, column] += height * share
    for side in (start - 1, start + 1):
        if 0 <= side < len(onset):
            onset[side, string, column] += 0.4 * height * share
    active[start:stop, string, column] += 0.95 * share


def decode(onset, active, tuning=STANDARD_TUNING, start_s=0.0, **params):
    grid = FrameGrid(sample_rate=RATE, hop_length=HOP, n_frames=len(onset), start_s=start_s)
    roll = StringRoll(grid=grid, onset=onset, active=active, pitch_min=PITCH_MIN)
    return [for_tuning(note, tuning) for note in decode_notes(roll, DecodeParams(**params))]


def test_a_note_has_its_time_pitch_and_probability():
    onset, active = empty()
    put(onset, active, 52, 20, 60)
    (note,) = decode(onset, active)
    assert note.pitch == 52
    assert note.onset_s == pytest.approx(20 * STEP_S, abs=0.1 * STEP_S)
    assert note.offset_s == pytest.approx(60 * STEP_S, abs=STEP_S)
    assert note.onset_prob == pytest.approx(0.9)
    assert note.velocity == 80
    assert note.string_probs == (0.0, 0.0, 1.0, 0.0, 0.0, 0.0)


@given(st.floats(-0.45, 0.45))
def test_onsets_lie_between_frames(shift):
    onset, active = empty()
    for frame in (19, 20, 21):
        onset[frame, 2, 19] = 0.9 - 0.3 * (frame - 20 - shift) ** 2
    active[20:50, 2, 19] = 0.9
    (note,) = decode(onset, active)
    assert note.onset_s / STEP_S == pytest.approx(20 + shift, abs=1e-4)


def test_a_restrike_ends_the_note_before_it():
    onset, active = empty()
    put(onset, active, 52, 20, 60)
    put(onset, active, 52, 40, 40)
    first, second = decode(onset, active)
    assert first.offset_s == second.onset_s == pytest.approx(40 * STEP_S, abs=0.1 * STEP_S)


def test_short_gaps_are_bridged_and_long_ones_end_a_note():
    onset, active = empty()
    put(onset, active, 52, 20, 60)
    active[40:42] = 0.0
    assert decode(onset, active)[0].offset_s > 55 * STEP_S
    active[40:48] = 0.0
    assert decode(onset, active)[0].offset_s < 42 * STEP_S


def test_probability_spread_over_strings_counts_as_one_note():
    onset, active = empty()
    for string, share in ((1, 0.25), (2, 0.5), (3, 0.25)):
        put(onset, active, 57, 20, 60, string=string, share=share)
    (note,) = decode(onset, active)
    assert note.onset_prob == pytest.approx(0.9)
    assert note.string_probs == pytest.approx((0.0, 0.25, 0.5, 0.25, 0.0, 0.0))


def test_too_short_and_too_weak_notes_are_left_out():
    onset, active = empty()
    put(onset, active, 52, 20, 22)
    put(onset, active, 60, 20, 60, height=0.1)
    active[:, :, 60 - PITCH_MIN] *= 0.6
    assert decode(onset, active) == []


def test_an_onset_without_activity_is_no_note():
    onset, active = empty()
    put(onset, active, 52, 20, 20)
    put(onset, active, 52, 70, 90)
    (note,) = decode(onset, active)
    assert note.onset_s == pytest.approx(70 * STEP_S, abs=0.1 * STEP_S)


def test_clear_activity_with_a_weak_onset_is_a_note_unless_switched_off():
    onset, active = empty()
    put(onset, active, 52, 20, 60, height=0.35)
    (note,) = decode(onset, active)
    assert note.onset_prob == pytest.approx(0.35)
    assert decode(onset, active, weak_onset_threshold=2.0) == []


def test_a_plateau_is_one_onset():
    onset, active = empty()
    onset[20:34, 2, 19] = 1.0
    active[20:60, 2, 19] = 1.0
    assert len(decode(onset, active)) == 1


def test_notes_at_both_edges_and_before_zero():
    onset, active = empty(40)
    put(onset, active, 52, 0, 20)
    put(onset, active, 60, 36, 40)
    notes = decode(onset, active, start_s=-0.01)
    assert [n.pitch for n in notes] == [52, 60]
    assert notes[0].onset_s == 0.0


def test_silence_and_no_frames_give_no_notes():
    assert decode(*empty()) == []
    assert decode(*empty(0)) == []


def test_velocity_follows_the_level_only_where_it_is_known():
    onset, active = empty()
    put(onset, active, 52, 20, 60)
    put(onset, active, 60, 70, 90)
    grid = FrameGrid(sample_rate=RATE, hop_length=HOP, n_frames=len(onset))
    roll = StringRoll(grid=grid, onset=onset, active=active, pitch_min=PITCH_MIN)
    level = np.full((len(onset), N_PITCHES), -60.0, dtype=np.float32)
    level[20:60, 52 - PITCH_MIN] = -10.0
    level[70:90, 60 - PITCH_MIN] = -25.0
    loud, soft = decode_notes(dataclasses.replace(roll, level=level))
    assert loud.velocity > soft.velocity + 20
    with pytest.raises(ValueError, match="level"):
        dataclasses.replace(roll, level=level[:-1])


@pytest.mark.parametrize(
    ("open_pitches", "pitch", "shares", "expected"),
    [
        ((35, 40, 45, 50, 55, 59, 64), 37, [1, 0, 0, 0, 0, 0], (1, 0, 0, 0, 0, 0, 0)),
        ((35, 40, 45, 50, 55, 59, 64), 45, [0.5, 0.5, 0, 0, 0, 0], (0, 0.5, 0.5, 0, 0, 0, 0)),
        ((30, 35, 40, 45, 50, 55, 59, 64), 33, [1, 0, 0, 0, 0, 0], (1, 0, 0, 0, 0, 0, 0, 0)),
        ((30, 35, 40, 45, 50, 55, 59, 64), 36, [1, 0, 0, 0, 0, 0], (0, 1, 0, 0, 0, 0, 0, 0)),
        ((28, 33, 38, 43), 43, [0.5, 0.25, 0.25, 0, 0, 0], (0.5, 0.25, 0.25, 0)),
        ((40, 45, 50, 55, 59), 50, [0.5, 0.25, 0.25, 0, 0, 0], (0.5, 0.25, 0.25, 0, 0)),
        ((40, 45, 50, 55, 59, 64), 41, [0.5, 0.5, 0, 0, 0, 0], (1, 0, 0, 0, 0, 0)),
        ((40, 45, 50, 55, 59, 64), 41, [0, 0.5, 0.5, 0, 0, 0], None),
    ],
)
def test_strings_of_the_model_are_carried_over(open_pitches, pitch, shares, expected):
    assert string_evidence(shares, Tuning(open_pitches=open_pitches), pitch) == expected


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_whatever_the_roll_notes_are_valid_and_do_not_overlap_on_a_pitch(seed):
    rng = np.random.default_rng(seed)
    onset = rng.random((80, 6, N_PITCHES)).astype(np.float32) ** 6 / 2
    active = rng.random((80, 6, N_PITCHES)).astype(np.float32) / 6
    notes = decode(onset, active)
    assert notes == decode(onset, active)
    assert notes == sorted(notes, key=lambda n: (n.onset_s, n.pitch))
    until = {}
    for note in notes:
        assert note.duration_s >= 0.05 - 1e-9
        assert note.onset_s >= until.get(note.pitch, 0.0) - 1e-9
        assert note.string_probs is None or sum(note.string_probs) == pytest.approx(1.0)
        until[note.pitch] = note.offset_s


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(1, 5))
def test_close_gaps_matches_its_definition(values, max_gap):
    got = close_gaps(np.array(values)[:, None], max_gap)[:, 0].tolist()
    expected = list(values)
    true_at = [i for i, v in enumerate(values) if v]
    for a, b in itertools.pairwise(true_at):
        if b - a - 1 <= max_gap:
            expected[a:b] = [True] * (b - a)
    assert got == expected


@given(st.lists(st.sampled_from([0.0, 0.3, 0.6, 0.8, 1.0]), min_size=2, max_size=40), st.integers(1, 4))
def test_peaks_are_maxima_and_keep_their_distance(values, distance):
    array = np.array(values, dtype=np.float32)
    frames = np.flatnonzero(onset_peaks(array[:, None], 0.5, distance)[:, 0])
    assert (np.diff(frames) > distance).all()
    for frame in frames:
        assert array[frame] >= 0.5
        assert array[frame] == array[max(0, frame - distance) : frame + distance + 1].max()


def test_a_minute_decodes_in_well_under_a_second():
    rng = np.random.default_rng(0)
    onset, active = empty(3446)
    for start in range(10, 3400, 6):
        put(onset, active, int(rng.integers(40, 80)), start, start + 30)
    began = time.perf_counter()
    notes = decode(onset, active)
    assert len(notes) > 400
    assert time.perf_counter() - began < 1.0


@pytest.mark.parametrize("bad", [{"onset_threshold": 0.0}, {"active_threshold": 1.5}, {"max_gap_s": -1.0}])
def test_impossible_parameters(bad):
    with pytest.raises(ValueError, match="must"):
        DecodeParams(**bad)
