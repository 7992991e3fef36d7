"""The body: resonances of air and top, many modes above, the same guitar for the same seed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fretscribe.datasets.acoustic_body import body_modes, body_response

RATE = 22050


def _db(response: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Gain at every hertz."""
    return np.asarray(20 * np.log10(np.abs(np.fft.rfft(response, RATE)) + 1e-12))


def test_air_and_top_resonate_and_nothing_below_them_is_loud() -> None:
    gain = _db(body_response(3, RATE))
    for around in (101, 192):
        assert gain[around - 8 : around + 9].max() > gain[130:165].max() + 6
    assert gain[20:60].max() < gain[95:108].max() - 10


def test_modes_lie_ever_closer_together_and_above_some_kilohertz_they_overlap() -> None:
    modes = body_modes(3, 9000)
    frequency, quality, _ = np.array(modes).T
    assert (np.diff(frequency) > 0).all()
    counts = [int(((frequency >= low) & (frequency < low + 600)).sum()) for low in (60, 800, 3000, 8000)]
    assert counts == sorted(counts)
    assert counts[0] < 0.5 * counts[2]
    widths = frequency / quality
    assert widths[frequency < 240].max() < 0.5 * np.diff(frequency)[:2].min()
    assert np.median(widths[frequency > 3000]) > 3 * np.diff(frequency)[frequency[1:] > 3000].mean()


def test_a_body_is_a_function_of_its_seed_and_sounds_otherwise_elsewhere() -> None:
    front, again = body_response(3, RATE), body_response(3, RATE)
    assert np.array_equal(front, again)
    assert np.isfinite(front).all()
    assert abs((front**2).sum() - 1.0) < 1e-9
    side, other = body_response(3, RATE, direction=1), body_response(4, RATE)
    for different in (side, other):
        assert np.abs(_db(front) - _db(different))[500:4000].mean() > 3
    assert np.abs(_db(front) - _db(side))[90:110].max() < 6  # the air breathes alike on all sides
