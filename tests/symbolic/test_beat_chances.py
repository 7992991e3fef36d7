import numpy as np
import pytest

from fretscribe.symbolic.beat_chances import bar_line_scores, chance_score, chance_walk, dotted_loss
from fretscribe.symbolic.onset_rows import FRAME_HZ

BEATS_S = 0.5 + 0.48 * np.arange(33)


def chances_of(beats_s, downs, sureness=0.7, n_frames=900):
    """Chances that are high on beats, in the row of what they are."""
    found = np.full((2, n_frames), 0.01, dtype=np.float32)
    frames = np.round(np.asarray(beats_s) * FRAME_HZ).astype(int)
    found[np.where(downs, 1, 0), frames] = sureness
    return found


@pytest.mark.parametrize("beats_per_bar", [2, 3, 4, 7])
@pytest.mark.parametrize("first", [0, 1])
def test_bar_lines_are_put_where_downbeats_are_likely(beats_per_bar, first):
    downs = np.arange(len(BEATS_S)) % beats_per_bar == first
    scores = bar_line_scores(chances_of(BEATS_S, downs), BEATS_S, beats_per_bar)
    assert scores.shape == (beats_per_bar,)
    assert int(scores.argmax()) == -first % beats_per_bar
    assert scores.max() > 0.0 > scores.min()


def test_the_right_length_of_bars_gains_most():
    downs = np.arange(len(BEATS_S)) % 3 == 0
    chances = chances_of(BEATS_S, downs)
    assert bar_line_scores(chances, BEATS_S, 3).max() > bar_line_scores(chances, BEATS_S, 4).max()


def test_chances_that_know_no_bar_lines_say_nothing_of_them():
    rows = chances_of(BEATS_S, np.zeros(len(BEATS_S), dtype=bool)).sum(axis=0)
    quarter = np.stack([0.75 * rows, 0.25 * rows]).astype(np.float32)
    assert (
        np.ptp(bar_line_scores(quarter, BEATS_S, 4)) < 3.0
    )  # 32 beats; the first is a downbeat of one phase
    assert bar_line_scores(quarter, BEATS_S, 1).tolist() == [0.0]


def test_true_beats_score_more_than_shifted_ones_and_are_walked():
    chances = chances_of(BEATS_S, np.arange(len(BEATS_S)) % 4 == 0)
    assert chance_score(chances, BEATS_S) > chance_score(chances, BEATS_S + 0.24) + 10.0
    walk = chance_walk(chances, float(BEATS_S[0]), float(BEATS_S[-1]), stiffness=30.0)
    assert np.abs(walk[:, None] - BEATS_S[None]).min(axis=0).max() < 0.03


def test_dotted_beats_lose_against_plain_ones_and_win_where_they_are_played():
    dotted_s = np.interp(np.arange(0.0, 32.0, 1.5), np.arange(33), BEATS_S)
    plain = chances_of(BEATS_S, np.arange(33) % 3 == 0)
    dotted = chances_of(dotted_s, np.arange(len(dotted_s)) % 2 == 0)
    assert dotted_loss(plain, BEATS_S, 0) > 1.0
    assert dotted_loss(dotted, BEATS_S, 0) < -1.0
    assert dotted_loss(dotted, BEATS_S[1:], -1) == pytest.approx(dotted_loss(dotted, BEATS_S, 0), abs=0.5)
