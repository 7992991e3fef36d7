"""DemucsProcessor: takes a mix apart with a pre-trained Demucs, as a stream of blocks.

The stream is cut into the network's own segments (8 s or so) which overlap by a quarter and are faded into
each other, as Demucs' ``apply_model`` does it without shifts; the result is the same (a test compares), but
an hour of music needs the memory of two segments. Knows nothing of files and caches. Neighbours:
``demucs_files`` reads the networks, ``pipeline.separating`` feeds this.

Source: Rouard, Massa, Défossez, Hybrid Transformers for Music Source Separation, ICASSP 2023.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from fretscribe.frames import FloatArray
from fretscribe.separation.demucs_files import (
    Hub,
    ModelFiles,
    Say,
    check_alike,
    fetch_model,
    model_at_hand,
    read_network,
)

if TYPE_CHECKING:
    from torch import nn

_OVERLAP = 0.25
_LEAST_SCALE = 1e-8  # Demucs' own: silence stays silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Loudness:
    """Mean and standard deviation of a mix's mono sum, which networks want to have 0 and 1."""

    mean: float
    std: float

    @classmethod
    def of(cls, blocks: Iterable[FloatArray]) -> Self:
        """Measured in one pass over blocks [2, n_samples]."""
        n, total, squares = 0, 0.0, 0.0
        for block in blocks:
            mono = block.mean(axis=0, dtype=np.float64)
            n, total, squares = n + len(mono), total + float(mono.sum()), squares + float(mono @ mono)
        mean = total / max(n, 1)
        variance = max(squares - n * mean**2, 0.0) / max(n - 1, 1)
        return cls(mean=mean, std=variance**0.5)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DemucsProcessor:
    """Separates; load it with `load_demucs`.

    Attributes
    ----------
    name, sha256 : str
        Of the model: its name, and of its networks' bytes.
    sources : tuple of str
        What it takes a mix apart into.
    sample_rate : int
        Hz, of what goes in and comes out.
    device : str
        ``cuda`` or ``cpu``.
    """

    name: str
    sha256: str
    sources: tuple[str, ...]
    sample_rate: int
    device: str
    segment: int
    networks: tuple[nn.Module, ...]
    shares: npt.NDArray[np.float32]

    def __call__(
        self,
        blocks: Iterable[FloatArray],
        loudness: Loudness,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> Iterator[FloatArray]:
        """Separate a stream.

        Parameters
        ----------
        blocks : iterable of float32 array [2, n_samples]
            Stereo at ``sample_rate``, of any lengths.
        loudness : Loudness
            Of all blocks together.
        progress : callable, optional
            Called with the number of samples that are done.

        Yields
        ------
        float32 array [n_sources, 2, n_samples]
            As many samples in all as went in.
        """
        scale = np.float32(loudness.std + _LEAST_SCALE)
        mean = np.float32(loudness.mean)
        stride = int((1 - _OVERLAP) * self.segment)
        fade = np.minimum(np.arange(self.segment), np.arange(self.segment)[::-1]).astype(np.float32) + 1
        fade /= fade.max()
        summed = np.zeros((len(self.sources), 2, self.segment), dtype=np.float32)
        total = np.zeros(self.segment, dtype=np.float32)
        done = 0
        for chunk, place, is_last in _windows(blocks, self.segment, stride, silence=mean):
            n_new = place.stop - place.start
            separated = self._run((chunk - mean) / scale)[:, :, place]
            summed[:, :, :n_new] += fade[:n_new] * separated
            total[:n_new] += fade[:n_new]
            n_ready = n_new if is_last else stride
            yield summed[:, :, :n_ready] / total[:n_ready] * scale + mean
            done += n_ready
            if progress is not None:
                progress(done)
            summed = np.pad(summed[:, :, stride:], ((0, 0), (0, 0), (0, stride)))
            total = np.pad(total[stride:], (0, stride))

    def _run(self, chunk: FloatArray) -> FloatArray:
        """One segment: [2, segment] -> [n_sources, 2, segment]."""
        import torch

        out = np.zeros((len(self.sources), *chunk.shape), dtype=np.float32)
        with torch.no_grad():
            mix = torch.from_numpy(chunk).to(self.device)[None]
            for network, share in zip(self.networks, self.shares, strict=True):
                out += share[:, None, None] * network(mix)[0].cpu().numpy()
        return out


def _windows(
    blocks: Iterable[FloatArray], segment: int, stride: int, *, silence: np.float32
) -> Iterator[tuple[FloatArray, slice, bool]]:
    """Segments ``stride`` apart: samples [2, segment], where the music is in them, whether it is the last.

    A short segment at the end stands in the middle, between what was before it and silence.
    """
    buffer = np.zeros((2, 0), dtype=np.float32)
    start = 0  # of the segment, within the buffer
    for block in blocks:
        buffer = np.concatenate([buffer, block], axis=1)
        while buffer.shape[1] - start > segment:
            yield buffer[:, start : start + segment], slice(0, segment), False
            keep = max(0, start + stride - segment)
            buffer, start = buffer[:, keep:], start + stride - keep
    while (n_left := buffer.shape[1] - start) > 0:
        n_left = min(n_left, segment)
        first = (segment - n_left) // 2
        n_before = min(start, first)
        chunk = np.full((2, segment), silence, dtype=np.float32)
        chunk[:, first - n_before : first + n_left] = buffer[:, start - n_before : start + n_left]
        yield chunk, slice(first, first + n_left), n_left <= stride
        start += stride


def load_demucs(
    model: str, *, say: Say, may_download: bool, hub: Hub | None = None
) -> DemucsProcessor | None:
    """Load a model onto the GPU where there is one.

    Parameters
    ----------
    model : str
        A folder, or a name such as ``htdemucs_6s``.
    say : callable
        Gets one line before each download.
    may_download : bool
        Whether to fetch what is not at hand; None is returned otherwise.
    hub : Hub, optional

    Raises
    ------
    SiteError, WeightsError, OptionError
        If it cannot be had, cannot be used, or is no model's name.
    """
    files = fetch_model(model, say=say, hub=hub) if may_download else model_at_hand(model, hub=hub)
    return None if files is None else _load(files)


@lru_cache(maxsize=1)  # many recordings, one model
def _load(files: ModelFiles) -> DemucsProcessor:
    import torch

    networks = tuple(read_network(path) for path in files.networks)
    check_alike(networks, files)
    first: Any = networks[0]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    segment_s = min(first.segment, files.segment_s or first.segment)
    for network in networks:
        network.segment = segment_s
    shares = np.array(files.weights or [[1.0] * len(first.sources)] * len(networks), dtype=np.float32)
    return DemucsProcessor(
        name=files.name,
        sha256=files.sha256(),
        sources=tuple(str(source) for source in first.sources),
        sample_rate=int(first.samplerate),
        device=device,
        segment=int(segment_s * first.samplerate),
        networks=tuple(network.to(device) for network in networks),
        shares=shares / shares.sum(axis=0),
    )
