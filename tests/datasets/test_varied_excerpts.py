import numpy as np

from fretscribe.datasets.idioms import generate_tab
from fretscribe.datasets.varied_excerpts import varied_excerpt


def test_a_variation_keeps_its_beats():
    tab = generate_tab(8, duration_s=30.0)
    rng = np.random.default_rng(1)
    for _ in range(10):
        heard, excerpt = varied_excerpt(tab.notes, tab.beats, tab.duration_s, rng)
        assert (np.diff(excerpt.beats_s) > 0).all()
        assert all(0.0 <= n.onset_s <= excerpt.duration_s + 0.5 for n in heard)
        assert set(np.diff(excerpt.places)) <= {1, -2, -3, -4, -6}


def test_variations_miss_and_double_notes():
    tab = generate_tab(8, duration_s=30.0)
    rng = np.random.default_rng(3)
    shares = []
    for _ in range(30):
        heard, excerpt = varied_excerpt(tab.notes, tab.beats, tab.duration_s, rng)
        shares.append(len(heard) / len(excerpt.notes))
    assert min(shares) < 0.9
    assert max(shares) > 1.0
