"""DemucsProcessor runs the real code of Demucs, on small networks of random weights that separate nothing."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from demucs_model import SIX_SOURCES, save_small_demucs
from fretscribe.errors import WeightsError
from fretscribe.frames import FloatArray
from fretscribe.separation.demucs_processor import DemucsProcessor, Loudness, load_demucs

pytest.importorskip("demucs", reason="needs the extra 'separate'")
SEGMENT_S = Fraction(1, 4)
SEGMENT, STRIDE = 11025, 8268  # samples


def load(folder: Path) -> DemucsProcessor:
    processor = load_demucs(str(folder), say=pytest.fail, may_download=False)
    assert processor is not None
    return processor


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_small_demucs(tmp_path_factory.mktemp("small"), segment_s=SEGMENT_S)


@pytest.fixture(scope="module")
def processor(small: Path) -> DemucsProcessor:
    return load(small)


def music(n_samples: int) -> FloatArray:
    rng = np.random.default_rng(n_samples)
    return (0.1 * rng.standard_normal((2, n_samples)) + 0.01).astype(np.float32)


def blocks_of(samples: FloatArray, length: int = 5000) -> list[FloatArray]:
    return [samples[:, start : start + length] for start in range(0, samples.shape[1], length)]


def separated(processor: DemucsProcessor, samples: FloatArray, length: int = 5000) -> FloatArray:
    blocks = blocks_of(samples, length)
    return np.concatenate(list(processor(blocks, Loudness.of(blocks))), axis=2)


def by_demucs(folder: Path, samples: FloatArray, **bag: Any) -> FloatArray:
    """What Demucs' own separation gives, with its own reader."""
    import torch
    from demucs.apply import BagOfModels, apply_model
    from demucs.hf import load_safetensors_model

    networks = [load_safetensors_model(path) for path in sorted(folder.glob("*.safetensors"))]
    model = BagOfModels(networks, **bag).eval()
    wave = torch.from_numpy(samples)
    mean, std = wave.mean(0).mean(), wave.mean(0).std() + 1e-8
    out = apply_model(model, ((wave - mean) / std)[None], shifts=0, split=True, overlap=0.25)[0]
    return np.asarray((out * std + mean).numpy())


@pytest.mark.parametrize(
    "n_samples", [2, 100, STRIDE, STRIDE + 1, SEGMENT, SEGMENT + 1, SEGMENT + STRIDE, 25003]
)
def test_the_stream_gives_what_demucs_gives(n_samples: int, small: Path, processor: DemucsProcessor) -> None:
    samples = music(n_samples)
    ours = separated(processor, samples)
    assert ours.shape == (len(SIX_SOURCES), 2, n_samples)
    np.testing.assert_allclose(ours, by_demucs(small, samples), atol=2e-6)


@pytest.mark.parametrize("length", [1000, SEGMENT, 60000])
def test_blocks_of_any_length_give_the_same(length: int, processor: DemucsProcessor) -> None:
    samples = music(25003)
    np.testing.assert_array_equal(separated(processor, samples, length), separated(processor, samples))


def test_networks_of_a_bag_count_by_source(tmp_path: Path) -> None:
    weights = [[1.0, 0.0, 1.0, 1.0, 1.0, 3.0], [1.0, 2.0, 1.0, 0.0, 1.0, 1.0]]
    save_small_demucs(tmp_path, n_networks=2, segment_s=SEGMENT_S, bag={"weights": weights})
    samples = music(20000)
    ours = separated(load(tmp_path), samples)
    np.testing.assert_allclose(ours, by_demucs(tmp_path, samples, weights=weights), atol=2e-6)


def test_a_bag_may_shorten_the_segments(tmp_path: Path) -> None:
    save_small_demucs(tmp_path, segment_s=SEGMENT_S, bag={"segment": 0.2})
    processor = load(tmp_path)
    assert processor.segment == 8820
    samples = music(20000)
    np.testing.assert_allclose(
        separated(processor, samples), by_demucs(tmp_path, samples, segment=0.2), atol=2e-6
    )


def test_a_long_stream_is_never_held(processor: DemucsProcessor) -> None:
    """No more than a segment and a stride is drawn before something comes out."""
    drawn = 0

    def stream() -> Iterator[FloatArray]:
        nonlocal drawn
        for block in blocks_of(music(6 * SEGMENT)):
            drawn += block.shape[1]
            yield block

    done = 0
    for block in processor(stream(), Loudness(mean=0.01, std=0.1)):
        done += block.shape[2]
        assert drawn - done <= 2 * processor.segment
    assert done == 6 * SEGMENT


def test_progress_ends_with_all_samples(processor: DemucsProcessor) -> None:
    told: list[int] = []
    blocks = blocks_of(music(20000))
    for _ in processor(blocks, Loudness.of(blocks), progress=told.append):
        pass
    assert told == sorted(told)
    assert told[-1] == 20000


def test_silence_stays_finite(processor: DemucsProcessor) -> None:
    out = separated(processor, np.zeros((2, 30000), dtype=np.float32))
    assert np.abs(out).max() < 1e-6


def test_nothing_gives_nothing(processor: DemucsProcessor) -> None:
    assert list(processor([], Loudness.of([]))) == []


def test_a_model_is_loaded_once(small: Path) -> None:
    assert load(small) is load(small)


@pytest.mark.parametrize(
    ("bag", "message"),
    [({"weights": [[1.0, 1.0]]}, "weighs other sources"), ({"weights": [[0.0] * 6]}, "weighs other sources")],
)
def test_bags_that_do_not_fit(bag: dict[str, object], message: str, tmp_path: Path) -> None:
    save_small_demucs(tmp_path, bag=bag)
    with pytest.raises(WeightsError, match=message):
        load(tmp_path)


def test_networks_that_differ_make_no_model(tmp_path: Path) -> None:
    save_small_demucs(tmp_path, n_networks=2)
    other = save_small_demucs(tmp_path / "other", sources=("a", "b"))
    (tmp_path / "00000001.safetensors").write_bytes((other / "00000000.safetensors").read_bytes())
    with pytest.raises(WeightsError, match="separate different things"):
        load(tmp_path)


def test_loudness_is_that_of_the_mono_sum() -> None:
    samples = music(12345)
    mono = samples.mean(axis=0, dtype=np.float64)
    loudness = Loudness.of(blocks_of(samples, 777))
    assert loudness.mean == pytest.approx(mono.mean())
    assert loudness.std == pytest.approx(mono.std(ddof=1))
