"""Bad and odd recordings: each is read with a warning, or refused with one line and its mend."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from fretscribe.errors import AudioError, OptionError
from fretscribe.frames import Audio
from fretscribe.io.audio import AudioFile, cut_audio, read_audio, resample_audio

RATE = 44100


def tone(duration_s: float = 1.0, *, rate: int = RATE, hz: float = 440.0) -> npt.NDArray[np.float32]:
    time_s = np.arange(round(duration_s * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * hz * time_s)).astype(np.float32)


def stereo(left: npt.NDArray[np.float32], right: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.stack([left, right], axis=1)


def dominant_hz(file: AudioFile) -> float:
    spectrum = np.abs(np.fft.rfft(file.audio.samples[0]))
    return float(np.argmax(spectrum)) / file.audio.duration_s


def save(path: Path, samples: npt.NDArray[np.float32], rate: int = RATE, subtype: str = "FLOAT") -> Path:
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


def truncate(path: Path, share: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def long_file(path: Path, suffix: str) -> Path:
    path = path / f"cut{suffix}"
    noise = np.random.default_rng(0).standard_normal(10 * RATE).astype(np.float32)
    soundfile.write(path, 0.1 * noise, RATE)
    return path


def test_a_good_file_is_resampled_and_described(tmp_path: Path) -> None:
    path = save(tmp_path / "a.wav", stereo(tone(2.0), tone(2.0)))
    file = read_audio(path)
    assert file.warnings == ()
    assert file.audio.sample_rate == 22050
    assert file.audio.samples.shape == (1, 2 * 22050)
    assert dominant_hz(file) == pytest.approx(440.0, abs=1.0)
    assert np.abs(file.audio.samples).max() == pytest.approx(0.5, abs=0.02)
    assert file.info.duration_s == 2.0
    assert file.info.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert file.info.path == str(path)


@pytest.mark.parametrize("suffix", [".flac", ".mp3", ".ogg", ".aiff"])
def test_other_formats(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    soundfile.write(path, tone(2.0), RATE)
    file = read_audio(path)
    assert file.warnings == ()
    assert file.audio.duration_s == pytest.approx(2.0, abs=0.001)
    assert dominant_hz(file) == pytest.approx(440.0, abs=1.0)


def test_streaming_gives_what_one_pass_gives(tmp_path: Path) -> None:
    soxr = pytest.importorskip("soxr")
    noise = (0.1 * np.random.default_rng(1).standard_normal(3 * RATE)).astype(np.float32)
    file = read_audio(save(tmp_path / "a.wav", noise))
    np.testing.assert_allclose(file.audio.samples[0], soxr.resample(noise, RATE, 22050), atol=1e-5)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 48000, 96000, 192000])
def test_any_sample_rate(tmp_path: Path, rate: int) -> None:
    file = read_audio(save(tmp_path / "a.wav", tone(rate=rate), rate))
    assert file.audio.duration_s == pytest.approx(1.0, abs=0.001)
    assert dominant_hz(file) == pytest.approx(440.0, abs=1.0)
    assert bool(file.warnings) == (rate == 8000)


def test_a_rate_too_low_for_a_guitar(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="2000 samples a second"):
        read_audio(save(tmp_path / "a.wav", tone(rate=2000), 2000))


@pytest.mark.parametrize("n_channels", range(1, 9))
def test_one_to_eight_channels(tmp_path: Path, n_channels: int) -> None:
    samples = np.stack([tone()] * n_channels, axis=1)
    file = read_audio(save(tmp_path / "a.wav", samples))
    assert file.audio.samples.shape[0] == 1
    assert np.abs(file.audio.samples).max() == pytest.approx(0.5, abs=0.02)
    assert file.warnings == ()


def test_inverted_stereo_is_not_cancelled(tmp_path: Path) -> None:
    file = read_audio(save(tmp_path / "a.wav", stereo(0.5 * tone(), -0.6 * tone())))
    assert np.abs(file.audio.samples).max() == pytest.approx(0.3, abs=0.01)
    assert [w for w in file.warnings if "cancel" in w and "channel 2" in w]


def test_inverted_stereo_with_an_offset_is_not_cancelled(tmp_path: Path) -> None:
    samples = stereo(tone() + np.float32(0.3), np.float32(0.3) - tone())
    file = read_audio(save(tmp_path / "a.wav", samples))
    assert np.abs(file.audio.samples).max() == pytest.approx(0.5, abs=0.02)


def test_unrelated_and_one_sided_channels_are_mixed(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    wide = (0.1 * rng.standard_normal((RATE, 2))).astype(np.float32)
    assert read_audio(save(tmp_path / "wide.wav", wide)).warnings == ()
    one_sided = stereo(tone(), np.zeros_like(tone()))
    assert read_audio(save(tmp_path / "left.wav", one_sided)).warnings == ()


def test_silence_is_fine(tmp_path: Path) -> None:
    file = read_audio(save(tmp_path / "a.wav", np.zeros((RATE, 2), dtype=np.float32)))
    assert not file.audio.samples.any()
    assert file.warnings == ()


def test_thirty_milliseconds(tmp_path: Path) -> None:
    file = read_audio(save(tmp_path / "a.wav", tone(0.03)))
    assert file.audio.duration_s == pytest.approx(0.03, abs=0.001)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_numbers(tmp_path: Path, bad: float) -> None:
    samples = tone(2.0)
    samples[round(1.25 * RATE)] = bad
    path = save(tmp_path / "a.wav", samples)
    with pytest.raises(AudioError, match=r"at 1\.250 s that is not a number \(.*--end"):
        read_audio(path)
    assert read_audio(path, end_s=1.2).audio.duration_s == pytest.approx(1.2, abs=0.001)
    assert read_audio(path, start_s=1.3).audio.duration_s == pytest.approx(0.7, abs=0.001)


def test_clipping_is_told(tmp_path: Path) -> None:
    file = read_audio(save(tmp_path / "a.wav", np.clip(4 * tone(), -1, 1), subtype="PCM_16"))
    assert any("clipped" in w for w in file.warnings)
    touching = 0.9 * tone() / 0.5
    touching[100] = 1.0
    assert read_audio(save(tmp_path / "b.wav", touching)).warnings == ()


def test_a_constant_offset_is_taken_out(tmp_path: Path) -> None:
    file = read_audio(save(tmp_path / "a.wav", 0.5 * tone() + np.float32(0.25)))
    assert abs(float(file.audio.samples.mean())) < 1e-4
    assert any("offset of 25.0 %" in w for w in file.warnings)


def test_samples_in_integer_units_are_scaled(tmp_path: Path) -> None:
    file = read_audio(save(tmp_path / "a.wav", 20000 * tone()))
    assert np.abs(file.audio.samples).max() == pytest.approx(1.0)
    assert any("scaled down" in w for w in file.warnings)


def test_a_section(tmp_path: Path) -> None:
    path = save(tmp_path / "a.wav", np.concatenate([tone(1.0), tone(1.0, hz=880.0), tone(1.0)]))
    file = read_audio(path, start_s=1.0, end_s=2.0)
    assert file.audio.duration_s == pytest.approx(1.0, abs=0.001)
    assert dominant_hz(file) == pytest.approx(880.0, abs=1.0)
    assert file.info.duration_s == 3.0
    beyond = read_audio(path, start_s=2.5, end_s=9.0)
    assert any("ends at 9.0 s" in w for w in beyond.warnings)
    for start_s, end_s in ((3.5, None), (2.0, 1.0), (-1.0, None), (1.0, 1.0)):
        with pytest.raises(OptionError):
            read_audio(path, start_s=start_s, end_s=end_s)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: None, "does not exist"),
        (lambda p: p.mkdir(), "is a folder"),
        (lambda p: p.touch(), "is empty"),
        (lambda p: p.write_text("six strings\n" * 50), "is not audio that can be read"),
        (lambda p: save(p, np.zeros(0, dtype=np.float32)), "holds no sound"),
    ],
    ids=["missing", "folder", "empty", "text", "no-samples"],
)
def test_what_is_no_recording(tmp_path: Path, make: Callable[[Path], object], message: str) -> None:
    path = tmp_path / "song.wav"
    make(path)
    with pytest.raises(AudioError) as caught:
        read_audio(path)
    assert message in caught.value.message
    assert str(path) in caught.value.message
    assert caught.value.mend
    assert "\n" not in str(caught.value)


def test_text_named_mp3_is_not_reported_as_missing(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_text("six strings\n" * 500)
    with pytest.raises(AudioError, match="no audio found in it"):
        read_audio(path)


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".flac", ".aiff"])
def test_a_truncated_file_gives_what_is_there(tmp_path: Path, suffix: str) -> None:
    file = read_audio(truncate(long_file(tmp_path, suffix), 0.5))
    assert 4.0 < file.audio.duration_s < 5.5
    assert file.info.duration_s == pytest.approx(file.audio.duration_s, abs=0.01)
    assert any("damaged" in w for w in file.warnings)


@pytest.mark.parametrize(("suffix", "share"), [(".wav", 0.00003), (".mp3", 0.001), (".flac", 0.001)])
def test_a_truncated_file_without_a_single_block_is_an_error(
    tmp_path: Path, suffix: str, share: float
) -> None:
    with pytest.raises(AudioError):
        read_audio(truncate(long_file(tmp_path, suffix), share))


def test_a_header_that_was_never_filled_in_is_no_damage(tmp_path: Path) -> None:
    path = save(tmp_path / "piped.wav", tone(), subtype="PCM_16")
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    assert read_audio(path).warnings == ()


@pytest.mark.parametrize(
    "name", ["two words.wav", 'it\'s "mine".wav', "Привет – 吉他 é.wav", "-q.wav", "a:b.wav"]
)
def test_odd_names(tmp_path: Path, name: str) -> None:
    assert read_audio(save(tmp_path / name, tone())).audio.n_samples == 22050


def test_progress_rises_to_one(tmp_path: Path) -> None:
    shares: list[float] = []
    read_audio(save(tmp_path / "a.wav", tone(3.0)), start_s=1.0, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) > 3


def test_sound_in_memory_is_cut_and_resampled() -> None:
    audio = Audio(samples=np.stack([tone(2.0), tone(2.0, hz=880.0)]), sample_rate=RATE)
    section = resample_audio(cut_audio(audio, 0.5, 1.5), 22050)
    assert section.samples.shape == (2, 22050)
    assert np.argmax(np.abs(np.fft.rfft(section.samples[1]))) == 880
    assert resample_audio(audio, RATE) is audio
    assert cut_audio(audio, 0.0, None).n_samples == audio.n_samples
    with pytest.raises(OptionError, match=r"lasts 2\.00 s"):
        cut_audio(audio, 2.5, None)


_LONG = """
import resource, sys
from fretscribe.io.audio import read_audio
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
file = read_audio(sys.argv[1])
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(file.audio.n_samples, (after - before) // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes on Linux only")
def test_a_long_file_needs_little_more_than_its_result(tmp_path: Path) -> None:
    minutes = 10
    path = tmp_path / "long.wav"
    with soundfile.SoundFile(path, "w", RATE, 2, subtype="PCM_16") as out:
        minute = stereo(tone(60.0), tone(60.0, hz=330.0))
        for _ in range(minutes):
            out.write(minute)
    result = subprocess.run(
        [sys.executable, "-c", _LONG, str(path)], capture_output=True, text=True, check=True
    )
    n_samples, grown_mb = map(int, result.stdout.split())
    assert n_samples == minutes * 60 * 22050
    result_mb = n_samples * 4 / 2**20
    assert grown_mb < 1.6 * result_mb + 20  # all channels decoded at once would be 4 times the result
