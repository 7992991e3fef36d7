import numpy as np

from fretscribe.symbolic.beat_walk import beat_intervals, walk_beats


def gains(beats, intervals, n_frames):
    """A reward for every true beat of about the right length."""
    gain = np.zeros((n_frames, len(intervals)), dtype=np.float32)
    for frame, length in zip(beats[:-1], np.diff(beats), strict=True):
        gain[frame - 1 : frame + 2, np.abs(intervals - length) <= 2] += 3.0
    return gain


def test_intervals_rise_from_240_to_40_beats_a_minute():
    intervals = beat_intervals()
    assert intervals[0] == 25
    assert intervals[-1] >= 150
    assert (np.diff(intervals) >= 1).all()
    assert (intervals[1:] / intervals[:-1]).max() < 1.05


def test_a_drifting_walk_is_found():
    intervals = beat_intervals()
    lengths = np.round(50 * 1.08 ** np.sin(np.arange(30) / 5)).astype(int)
    beats = np.concatenate([[160], 160 + np.cumsum(lengths)])
    found = walk_beats(
        gains(beats, intervals, beats[-1] + 200),
        intervals,
        first=160,
        last=int(beats[-2]) + 1,
        stiffness=30.0,
    )
    assert np.abs(found - beats).max() <= 6


def test_a_walk_starts_before_the_first_frame_and_ends_after_the_last():
    intervals = beat_intervals()
    rng = np.random.default_rng(3)
    for first, last in ((160, 160), (160, 700), (300, 1234)):
        gain = rng.normal(size=(last + 200, len(intervals))).astype(np.float32)
        found = walk_beats(gain, intervals, first=first, last=last, stiffness=30.0)
        assert found[0] <= first < found[1] + int(intervals[-1])
        assert found[-2] <= last < found[-1]
        assert np.isin(np.diff(found), intervals).all()


def test_a_stiff_walk_keeps_its_tempo():
    intervals = beat_intervals()
    gain = np.random.default_rng(4).normal(size=(1400, len(intervals))).astype(np.float32)
    found = walk_beats(gain, intervals, first=160, last=1200, stiffness=1e6)
    assert len(set(np.diff(found).tolist())) == 1
