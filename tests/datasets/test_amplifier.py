"""The amplifier: harmonics where it is driven, nothing folds back, time is kept, silence is faint."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from fretscribe.datasets.amplifier import CABINET, Amplifier, amplified

RATE = 22050
CLEAN, CRUNCH = Amplifier(gain_db=-20.0), Amplifier(gain_db=20.0)
Wave = npt.NDArray[np.float64]


def _tone(hz: int) -> Wave:
    return np.asarray(np.sin(2 * np.pi * hz * np.arange(2 * RATE) / RATE))


def _play(wave: Wave, amplifier: Amplifier, seed: int = 0) -> Wave:
    return amplified(wave, amplifier, np.random.default_rng(seed), RATE)


def _power(wave: Wave) -> Wave:
    """Power spectrum of the second second, one hertz a bin."""
    return np.asarray(np.abs(np.fft.rfft(wave[RATE // 2 : RATE // 2 + RATE] * np.hanning(RATE))) ** 2)


def _harmonic(power: Wave, hz: int, n: int) -> float:
    return float(power[n * hz - 3 : n * hz + 4].sum())


def test_drive_makes_even_and_odd_harmonics() -> None:
    for n, least in ((2, 0.01), (3, 0.03)):
        shares = []
        for amplifier in (CLEAN, CRUNCH):
            power = _power(_play(_tone(440), amplifier))
            shares.append(_harmonic(power, 440, n) / _harmonic(power, 440, 1))
        assert shares[1] > max(least, 100 * shares[0])


@pytest.mark.parametrize("hz", [440, 997, 1867])
def test_nothing_folds_back_into_the_band(hz: int) -> None:
    power = _power(_play(_tone(hz), CRUNCH))
    own = np.zeros(len(power), dtype=np.bool_)
    for n in range(1, RATE // (2 * hz) + 1):
        own[n * hz - 3 : n * hz + 4] = True
    assert power[~own].max() < 1e-7 * power.max()


def test_a_driven_amplifier_compresses() -> None:
    decaying = _tone(330) * np.exp(-3 * np.arange(2 * RATE) / RATE)
    falls = []
    for amplifier in (CLEAN, CRUNCH):
        out = _play(decaying, amplifier)
        early, late = (np.abs(out[at : at + RATE // 10]).max() for at in (RATE // 10, RATE // 2))
        falls.append(20 * np.log10(early / late))
    assert falls[0] == pytest.approx(10.4, abs=0.5)  # 0.4 s at 26 dB a second
    assert falls[1] < 0.7 * falls[0]


def test_length_and_time_are_kept_and_the_result_is_a_function_of_its_input() -> None:
    burst = np.zeros(RATE + 7)
    burst[RATE // 2 : RATE // 2 + 2000] = _tone(500)[:2000]
    out = _play(burst, CRUNCH)
    assert out.shape == burst.shape
    assert np.array_equal(out, _play(burst, CRUNCH))
    assert abs(int(np.argmax(np.abs(out) > 0.3 * np.abs(out).max())) - RATE // 2) < 0.003 * RATE


@pytest.mark.parametrize("n_samples", [0, 1, 5000])
def test_silence_and_next_to_nothing_stay_finite(n_samples: int) -> None:
    out = _play(np.zeros(n_samples), CRUNCH)
    assert out.shape == (n_samples,)
    assert np.isfinite(out).all()
    assert np.abs(out).max(initial=0.0) < 0.05  # hiss


def test_the_level_of_what_is_played_does_not_matter() -> None:
    quiet, loud = (_play(gain * _tone(220), CRUNCH) for gain in (0.02, 2.0))
    assert quiet == pytest.approx(loud, abs=1e-4)


def test_the_cabinet_ends_at_five_kilohertz_and_has_a_notch() -> None:
    gains = 20 * np.log10(np.abs(CABINET(np.array([40.0, 1000.0, 2500.0, 4100.0, 8000.0]))))
    low, middle, presence, notch, high = gains - gains[1]
    assert low < -8
    assert middle == 0
    assert presence > 2
    assert notch < -6
    assert high < -20
