"""How likely a beat or a bar line is at any time, by a small network that sees when notes start.

Onsets are drawn as rows over time (``onset_rows``). Dilated convolutions, and attention that compares onsets
seconds apart, turn them into chances 50 times a second. It runs in numpy, half a minute at a time. What it
has learned ships as ``beat_net.npz``; ``training.beat_net`` makes it. Neighbour: ``beat_chances`` turns
chances into walks and scores. Knows nothing of sound.
"""

from __future__ import annotations

import functools
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np
import numpy.typing as npt

from fretscribe.errors import WeightsError
from fretscribe.music import Note
from fretscribe.npy import parse_npz
from fretscribe.symbolic.onset_rows import FRAME_HZ, N_ROWS, onset_rows

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

WINDOW = 1500
"""Frames that the network sees at a time."""

BUILT_IN = "beat_net.npz"

_HOP = 750
_MOST_BYTES = 50_000_000
_LEAD_S = 0.5  # silence ahead of the first frame, so that a beat can lie before the first note
_HEADS = 4
_ROTATION = 400.0  # frames; the slowest turn of the position codes


@dataclass(frozen=True, slots=True, kw_only=True)
class BeatNet:
    """Weights, and what they were learned from.

    Attributes
    ----------
    weights : mapping of str to float32 array
        By the names of ``training.beat_net``'s modules.
    players : tuple of str
        Whom it was learned from.
    provenance : str
    """

    weights: Mapping[str, Floats]
    players: tuple[str, ...]
    provenance: str

    def count(self, prefix: str) -> int:
        """Number of layers whose weights are called ``prefix.0.…``, ``prefix.1.…`` and so on."""
        of_prefix = [name for name in self.weights if name.startswith(prefix + ".")]
        return 1 + max((int(name[len(prefix) + 1 :].split(".")[0]) for name in of_prefix), default=-1)


def beat_chances(notes: Sequence[Note], duration_s: float, net: BeatNet) -> Floats:
    """Chance that a beat which is no downbeat, and that a downbeat, lies at a frame.

    Parameters
    ----------
    notes : sequence of Note
        In any order.
    duration_s : float
    net : BeatNet

    Returns
    -------
    float32 array [2, n_frames]
        `FRAME_HZ` frames a second from 0 to ``duration_s``.
    """
    lead, n_frames = round(_LEAD_S * FRAME_HZ), int(duration_s * FRAME_HZ) + 1
    n_windows = 1 + max(0, -(-(lead + n_frames - WINDOW) // _HOP))
    rows = onset_rows(notes, (n_windows - 1) * _HOP + WINDOW, _LEAD_S)
    total = np.zeros((2, rows.shape[1]), dtype=np.float32)
    weight = np.zeros(rows.shape[1], dtype=np.float32)
    taper = np.minimum(np.arange(1, WINDOW + 1), np.arange(WINDOW, 0, -1)).astype(np.float32)
    for start in range(0, n_windows * _HOP, _HOP):
        window = slice(start, start + WINDOW)
        total[:, window] += _softmax(_forward(rows[:, window], net), axis=0)[1:] * taper
        weight[window] += taper
    chances: Floats = (total / weight)[:, lead : lead + n_frames]
    return chances


def _forward(rows: Floats, net: BeatNet) -> Floats:
    """Scores of no beat, a beat, a downbeat, [3, WINDOW]."""
    w = net.weights
    h: npt.NDArray[np.floating] = _gelu(_convolve(rows, w["inp.weight"], w["inp.bias"], 1))
    for i in range(net.count("wide")):
        seen = _affine(_whole_norm(h), w[f"norm.{i}.weight"][:, None], w[f"norm.{i}.bias"][:, None])
        seen = _gelu(_convolve(seen, w[f"wide.{i}.weight"], w[f"wide.{i}.bias"], 2**i))
        h = h + _convolve(seen, w[f"mix.{i}.weight"], w[f"mix.{i}.bias"], 1)
    tokens = h.reshape(len(h), -1, 2).mean(axis=2).T
    for i in range(net.count("attend")):
        tokens = _attend(tokens, w, f"attend.{i}.")
    around = np.pad(tokens.T, ((0, 0), (1, 1)), mode="edge")
    early = 0.75 * around[:, 1:-1] + 0.25 * around[:, :-2]
    late = 0.75 * around[:, 1:-1] + 0.25 * around[:, 2:]
    h = h + np.stack([early, late], axis=2).reshape(h.shape)
    h = h.astype(np.float32)
    return _convolve(_gelu(h), w["out.weight"], w["out.bias"], 1)


def _attend(tokens: Floats, w: Mapping[str, Floats], at: str) -> Floats:
    """Self-attention with rotary positions (Su et al., 2021), then two dense layers, both residual."""
    n, width = tokens.shape
    normed = _affine(_row_norm(tokens), w[at + "norm1.weight"], w[at + "norm1.bias"])
    asked = normed @ w[at + "ask.weight"].T + w[at + "ask.bias"]
    query, key, value = asked.reshape(n, 3, _HEADS, width // _HEADS).transpose(1, 2, 0, 3)
    scores = _turned(query) @ _turned(key).transpose(0, 2, 1) / np.float32(np.sqrt(width // _HEADS))
    heard = np.asarray(_softmax(scores, axis=2) @ value, dtype=np.float32)
    heard = heard.transpose(1, 0, 2).reshape(n, width)
    tokens = np.asarray(tokens + heard @ w[at + "answer.weight"].T + w[at + "answer.bias"], dtype=np.float32)
    normed = _affine(_row_norm(tokens), w[at + "norm2.weight"], w[at + "norm2.bias"])
    dense = _gelu(normed @ w[at + "dense.0.weight"].T + w[at + "dense.0.bias"])
    return np.asarray(tokens + dense @ w[at + "dense.3.weight"].T + w[at + "dense.3.bias"])


def _turned(heads: Floats) -> Floats:
    n, half = heads.shape[1], heads.shape[2] // 2
    speed = np.exp(-np.log(_ROTATION) * np.arange(half) / half)
    angle = np.arange(n)[:, None] * speed
    cos, sin = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
    a, b = heads[..., :half], heads[..., half:]
    return np.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1)


def _convolve(x: Floats, weight: Floats, bias: Floats, dilation: int) -> Floats:
    """Same-length convolution with zeros around, [channels, frames]."""
    taps, n = weight.shape[2], x.shape[1]
    reach = (taps // 2) * dilation
    padded = np.pad(x, ((0, 0), (reach, reach)))
    out = np.repeat(bias[:, None], n, axis=1)
    for tap in range(taps):
        out += weight[:, :, tap] @ padded[:, tap * dilation : tap * dilation + n]
    return out


def _affine(x: Floats, scale: Floats, shift: Floats) -> Floats:
    return x * scale + shift


def _whole_norm(x: Floats) -> Floats:
    return np.asarray((x - x.mean()) / np.sqrt(x.var() + 1e-5))


def _row_norm(x: Floats) -> Floats:
    return np.asarray((x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5))


def _gelu(x: Floats) -> Floats:
    inner = np.float32(np.sqrt(2.0 / np.pi)) * (x + np.float32(0.044715) * x * x * x)
    return np.asarray(np.float32(0.5) * x * (np.float32(1.0) + np.tanh(inner)))


def _softmax(x: Floats, axis: int) -> Floats:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


def render_beat_net(net: BeatNet) -> bytes:
    """The file's bytes; weights are kept in half precision, and the same net gives the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        arrays = {name: net.weights[name].astype(np.float16) for name in sorted(net.weights)}
        told = {"provenance": np.array(net.provenance), "players": np.array(net.players, dtype="U8")}
        for name, array in {**arrays, **told}.items():
            part = io.BytesIO()
            np.save(part, array)
            archive.writestr(zipfile.ZipInfo(name + ".npy", (1980, 1, 1, 0, 0, 0)), part.getvalue())
    return buffer.getvalue()


def parse_beat_net(data: bytes, name: str) -> BeatNet:
    """Inverse of `render_beat_net`, to half precision.

    Raises
    ------
    WeightsError
        If it is no such file.
    """
    try:
        arrays = parse_npz(data, max_bytes=_MOST_BYTES)
        provenance = str(arrays.pop("provenance"))
        players = tuple(str(player) for player in arrays.pop("players"))
        weights = {name: array.astype(np.float32) for name, array in arrays.items()}
        net = BeatNet(weights=weights, players=players, provenance=provenance)
        _forward(np.zeros((N_ROWS, WINDOW), dtype=np.float32), net)
    except (ValueError, KeyError, TypeError, IndexError, ArithmeticError) as error:
        raise WeightsError(
            f"{name} is no network of beats: {error}", mend="make it with fretscribe train beat-net"
        ) from error
    return net


@functools.cache
def built_in_beat_net() -> BeatNet:
    """The network that ships, read once."""
    return parse_beat_net(resources.files("fretscribe.symbolic").joinpath(BUILT_IN).read_bytes(), BUILT_IN)
