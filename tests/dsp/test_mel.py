"""Log-mel frames against librosa on the same sound."""

from __future__ import annotations

import numpy as np
import pytest

from fretscribe.datasets.idioms import generate_tab
from fretscribe.datasets.synthetic import render
from fretscribe.dsp.mel import FLOOR_DB, log_mel, mel_grid
from fretscribe.frames import FloatArray


@pytest.fixture(scope="module")
def guitar() -> FloatArray:
    """A few rendered seconds; not a whole number of hops long."""
    return render(generate_tab(3, duration_s=3.0), seed=1).mono()[:70001]


@pytest.mark.slow  # librosa takes seconds to import
@pytest.mark.parametrize(("sample_rate", "hop_length"), [(22050, 512), (22050, 2205), (44100, 512)])
def test_the_frames_are_those_of_librosa(guitar: FloatArray, sample_rate: int, hop_length: int) -> None:
    librosa = pytest.importorskip("librosa", reason="librosa is not installed")
    power = librosa.feature.melspectrogram(y=guitar, sr=sample_rate, hop_length=hop_length)
    wanted = 10 * np.log10(np.maximum(1e-10, power)).T
    found = log_mel(guitar, sample_rate, hop_length=hop_length)
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() <= 0.01


def test_each_frame_is_the_windowed_spectrum_around_its_time(guitar: FloatArray) -> None:
    """An independent, slow construction of three frames, triangle by triangle."""
    found = log_mel(guitar)
    assert found.dtype == np.float32
    assert len(found) == 1 + len(guitar) // 512

    def mel(hz: float) -> float:
        return hz / (200 / 3) if hz < 1000 else 15 + 27 * np.log(hz / 1000) / np.log(6.4)

    window = np.array([np.sin(np.pi * n / 2048) ** 2 for n in range(2048)])
    padded = np.concatenate([np.zeros(1024), guitar, np.zeros(1024)])
    top = mel(11025.0)
    hz_of = np.linspace(0, 11025, 200001)
    mel_of = np.array([mel(hz) for hz in hz_of])
    for frame in (0, 40, len(found) - 1):
        power = np.abs(np.fft.rfft(padded[frame * 512 :][:2048] * window)) ** 2
        for band in (0, 17, 64, 127):
            low, centre, high = np.interp([top * (band + k) / 129 for k in (0, 1, 2)], mel_of, hz_of)
            weights = np.interp(np.arange(1025) * 22050 / 2048, [low, centre, high], [0, 1, 0])
            energy = 2 / (high - low) * float(weights @ power)
            assert found[frame, band] == pytest.approx(10 * np.log10(max(energy, 1e-10)), abs=0.01)


def test_a_long_sound_is_the_same_in_chunks(guitar: FloatArray) -> None:
    long = np.tile(guitar, 6)  # longer than a chunk of frames
    np.testing.assert_array_equal(log_mel(long)[:100], log_mel(long[: 512 * 105])[:100])
    middle = log_mel(long[512 * 495 :])  # starts 17 frames before the chunks meet
    np.testing.assert_allclose(log_mel(long)[500:540], middle[5:45], atol=1e-4)


def test_silence_is_at_the_floor_and_an_empty_sound_is_one_frame() -> None:
    assert (log_mel(np.zeros(5000, dtype=np.float32)) == FLOOR_DB).all()
    assert log_mel(np.zeros(0, dtype=np.float32)).shape == (1, 128)
    with pytest.raises(ValueError, match="one dimension"):
        log_mel(np.zeros((2, 5), dtype=np.float32))


def test_frames_lie_on_multiples_of_the_hop() -> None:
    click = np.zeros(22050, dtype=np.float32)
    click[512 * 20] = 1.0
    loudest = int(log_mel(click).sum(axis=1).argmax())
    assert loudest == 20
    assert mel_grid(44).time_s(20) == pytest.approx(512 * 20 / 22050)
