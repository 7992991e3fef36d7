"""Every codec gives the sound at its own time: clicks are found where they were put."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.frames import FloatArray
from fretscribe.io.audio import read_audio
from fretscribe.io.codec_delay import in_time, read_framecrc
from fretscribe.io.media import _FfmpegStream
from media_files import copy_media, write_media

RATE = 48000
CLICKS_S = (0.5, 1.0, 1.4)

needs_av = pytest.mark.usefixtures("_av")


@pytest.fixture
def _av() -> None:
    pytest.importorskip("av", reason="needs the extra 'media'")


@cache
def clicks() -> FloatArray:
    """Short bumps, wide enough for every codec to keep."""
    time_s = np.arange(round(1.8 * RATE)) / RATE
    mono = sum(0.9 * np.exp(-0.5 * ((time_s - click_s) / 0.00013) ** 2) for click_s in CLICKS_S)
    return np.stack([mono, mono]).astype(np.float32)


def heard(path: Path, start_s: float = 0.0) -> FloatArray:
    return read_audio(path, sample_rate=RATE, start_s=start_s).audio.mono()


def late_samples(mono: FloatArray, start_s: float = 0.0) -> float:
    """How much later than they were put clicks are found, in samples; the median."""
    found = []
    for click_s in (click_s for click_s in CLICKS_S if click_s > start_s):
        first = round((click_s - start_s - 0.1) * RATE)
        weights = np.abs(mono[first : first + round(0.2 * RATE)]) ** 4
        found.append(first + (weights * np.arange(len(weights))).sum() / weights.sum())
        found[-1] -= (click_s - start_s) * RATE
    return float(np.median(found))


@needs_av
@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        ("m4a", "aac"), ("mp4", "aac"), ("mov", "aac"), ("mkv", "aac"), ("aac", "aac"), ("3gp", "aac"),
        ("flv", "aac"), ("ts", "aac"), ("m4a", "alac"), ("mov", "pcm_s16le"), ("mp4", "flac"),
        ("webm", "libopus"), ("mkv", "libopus"), ("mp4", "libopus"), ("opus", "libopus"), ("ts", "libopus"),
        ("wma", "wmav2"), ("wma", "wmav1"), ("avi", "wmav2"),
        ("ac3", "ac3"), ("mkv", "ac3"), ("mp4", "eac3"), ("avi", "ac3"), ("eac3", "eac3"),
        ("mp3", "libmp3lame"), ("mp4", "libmp3lame"), ("avi", "libmp3lame"), ("avi", "mp2"),
    ],
)  # fmt: skip
def test_sound_is_in_time(suffix: str, codec: str, tmp_path: Path) -> None:
    path = write_media(tmp_path / f"clicks.{suffix}", codec, clicks(), RATE)
    assert late_samples(heard(path)) == pytest.approx(0.0, abs=1.0)
    assert late_samples(heard(path, 0.7), 0.7) == pytest.approx(0.0, abs=1.0)


@needs_av
@pytest.mark.parametrize(("codec", "source", "copy"), [("aac", "m4a", "mkv"), ("ac3", "mp4", "mkv")])
def test_a_copy_that_lost_the_delay_is_in_time(codec: str, source: str, copy: str, tmp_path: Path) -> None:
    original = write_media(tmp_path / f"clicks.{source}", codec, clicks(), RATE)
    path = copy_media(original, tmp_path / f"copy.{copy}")
    assert late_samples(heard(path)) == pytest.approx(0.0, abs=1.0)


@needs_av
def test_foreign_wma_is_left_as_decoded(tmp_path: Path) -> None:
    """The decoder is right for Microsoft's encoder; only FFmpeg's own is another matter."""
    path = write_media(tmp_path / "clicks.wma", "wmav2", clicks(), RATE)
    path.write_bytes(path.read_bytes().replace("Lavf".encode("utf-16-le"), "Xavf".encode("utf-16-le")))
    assert late_samples(heard(path)) == pytest.approx(-2048.0, abs=1.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#tb 0: 1/48000\n",
        "\x00.snd",
        "#tb 0: 1/0\n#sample_rate 0: 1\n0, 0, 0, 1",
        "0, 1, 2",
        "#tb 0: x\n0,",
    ],
)
def test_what_ffmpeg_does_not_say_is_not_guessed(text: str) -> None:
    assert read_framecrc(text) is None


FFMPEG = shutil.which("ffmpeg")


@needs_av
@pytest.mark.skipif(FFMPEG is None, reason="needs the program ffmpeg")
@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        ("m4a", "aac"),
        ("aac", "aac"),
        ("avi", "libmp3lame"),
        ("mp3", "libmp3lame"),
        ("webm", "libopus"),
        ("ac3", "ac3"),
    ],
)
def test_the_program_gives_sound_in_time_too(suffix: str, codec: str, tmp_path: Path) -> None:
    path = write_media(tmp_path / f"clicks.{suffix}", codec, clicks(), RATE)
    with _FfmpegStream(path, str(FFMPEG)) as stream:
        mono = np.concatenate(list(stream.blocks(0.0, None))).mean(axis=1)
    assert late_samples(mono) == pytest.approx(0.0, abs=1.0)


@given(st.lists(st.integers(0, 50), max_size=8), st.integers(-60, 200))
def test_blocks_lose_the_delay_or_gain_silence(lengths: list[int], late: int) -> None:
    whole = np.arange(1, 2 * sum(lengths) + 1, dtype=np.float32).reshape(-1, 2)
    ends = np.cumsum(lengths)
    blocks = [whole[end - length : end] for end, length in zip(ends, lengths, strict=True)]
    parts = list(in_time(blocks, [late], 2))
    assert all(len(part) for part in parts)
    got = np.concatenate([np.zeros((0, 2), dtype=np.float32), *parts])
    lost = np.zeros((-late if blocks and late < 0 else 0, 2), dtype=np.float32)
    np.testing.assert_array_equal(got, np.concatenate([lost, whole[max(late, 0) :]]))
