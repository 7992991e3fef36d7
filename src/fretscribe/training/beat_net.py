"""Training the network that gives chances of beats: annotated players, varied, and generated tabs besides.

It sees what ``symbolic.beat_net`` draws and is run by that module without torch; a test holds both to the
same output. Performances are few, so each is varied many times (``datasets.varied_excerpts``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from fretscribe.datasets.guitarset import GuitarSet
from fretscribe.datasets.idioms import generate_tab
from fretscribe.datasets.varied_excerpts import varied_excerpt
from fretscribe.errors import DatasetError
from fretscribe.music import BeatGrid, TabNote
from fretscribe.symbolic.beat_net import WINDOW, BeatNet
from fretscribe.symbolic.onset_rows import FRAME_HZ, N_ROWS, onset_rows

Halves = npt.NDArray[np.float16]

WIDTH, N_WIDE, N_ATTEND, N_HEADS = 96, 6, 3, 4
DROPOUT = 0.25
BATCH, LEARNING_RATE, WEIGHT_DECAY = 32, 2e-3, 0.05
GENERATED_SHARE = 0.1
"""Of every batch."""

_ROTATION = 400.0
_AVERAGED = 0.005  # of the weights at each step, in the mean that is kept
_LEAST_NOTES = 4
_BEFORE_S, _AFTER_S = 0.3, 0.5  # around the notes, where beats are asked for
_GENERATED_S = 30.0


class BeatNetwork(nn.Module):
    """Dilated convolutions, then attention over pairs of frames: [n, N_ROWS, frames] to [n, 3, frames]."""

    def __init__(self, *, width: int = WIDTH, n_wide: int = N_WIDE, n_attend: int = N_ATTEND) -> None:
        super().__init__()
        self.inp = nn.Conv1d(N_ROWS, width, 5, padding=2)
        self.wide = nn.ModuleList(
            nn.Conv1d(width, width, 5, padding=2 * 2**i, dilation=2**i) for i in range(n_wide)
        )
        self.mix = nn.ModuleList(nn.Conv1d(width, width, 1) for _ in range(n_wide))
        self.norm = nn.ModuleList(nn.GroupNorm(1, width) for _ in range(n_wide))
        self.attend = nn.ModuleList(_Attention(width) for _ in range(n_attend))
        self.out = nn.Conv1d(width, 3, 1)
        self.drop = nn.Dropout(DROPOUT)

    def forward(self, rows: Tensor) -> Tensor:
        h = _gelu(self.inp(rows))
        for wide, mix, norm in zip(self.wide, self.mix, self.norm, strict=True):
            h = h + mix(self.drop(_gelu(wide(norm(h)))))
        tokens = functional.avg_pool1d(h, 2).transpose(1, 2)
        for attention in self.attend:
            tokens = attention(tokens)
        h = h + functional.interpolate(tokens.transpose(1, 2), size=h.shape[-1], mode="linear")
        scores: Tensor = self.out(_gelu(h))
        return scores


class _Attention(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.ask, self.answer = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.dense = nn.Sequential(
            nn.Linear(width, 3 * width),
            nn.GELU("tanh"),
            nn.Dropout(DROPOUT),
            nn.Linear(3 * width, width),
        )
        self.drop = nn.Dropout(DROPOUT)

    def forward(self, tokens: Tensor) -> Tensor:
        n, length, width = tokens.shape
        asked = self.ask(self.norm1(tokens)).view(n, length, 3, N_HEADS, width // N_HEADS)
        query, key, value = asked.permute(2, 0, 3, 1, 4)
        heard = functional.scaled_dot_product_attention(_turned(query), _turned(key), value)
        tokens = tokens + self.drop(self.answer(heard.transpose(1, 2).reshape(n, length, width)))
        result: Tensor = tokens + self.drop(self.dense(self.norm2(tokens)))
        return result


def _gelu(x: Tensor) -> Tensor:
    return functional.gelu(x, approximate="tanh")


def _turned(heads: Tensor) -> Tensor:
    half = heads.shape[-1] // 2
    speed = torch.exp(-math.log(_ROTATION) * torch.arange(half, device=heads.device) / half)
    angle = torch.arange(heads.shape[-2], device=heads.device)[:, None] * speed
    cos, sin = angle.cos(), angle.sin()
    a, b = heads[..., :half], heads[..., half:]
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1).to(heads.dtype)


def train_beat_net(
    dataset: GuitarSet,
    players: Sequence[str],
    *,
    n_variations: int = 120,
    n_generated: int = 4000,
    steps: int = 2400,
    seed: int = 0,
    device: str = "cpu",
    progress: Callable[[str], None] = lambda _: None,
) -> BeatNet:
    """Train on the tracks of some players, the development tracks left out, and on generated tabs.

    Parameters
    ----------
    dataset : GuitarSet
        Only annotations are read.
    players : sequence of str
    n_variations : int
        Of each track.
    n_generated : int
        Generated tabs, one variation of each.
    steps, seed : int
    device : str
        As torch names them.
    progress : callable

    Raises
    ------
    DatasetError
        If there are no such tracks.
    """
    tracks = [t for t in dataset.training_tracks() if t.player in players]
    if not tracks:
        raise DatasetError(f"no tracks of {', '.join(players)} in {dataset.root}", mend="name its players")
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    played: list[tuple[Halves, Halves]] = []
    for number, track in enumerate(tracks):
        progress(f"varying {number + 1}/{len(tracks)}: {track.track_id}")
        truth = track.truth()
        if truth.beats is not None:
            notes = track.tab().notes
            played += _examples(notes, truth.beats, truth.duration_s, n_variations, rng)
    progress(f"generating {n_generated} tabs")
    generated: list[tuple[Halves, Halves]] = []
    for number in range(n_generated):
        tab = generate_tab(seed * 1_000_003 + number, duration_s=_GENERATED_S)
        if tab.beats is not None:
            generated += _examples(tab.notes, tab.beats, tab.duration_s, 1, rng)
    fitted = _fit(BeatNetwork(), _stacked(played), _stacked(generated), steps, rng, device, progress)
    weights = {name: w.detach().cpu().numpy().astype(np.float32) for name, w in fitted.items()}
    return BeatNet(
        weights=weights,
        players=tuple(sorted(players)),
        provenance=f"GuitarSet annotations, {len(tracks)} tracks; {n_generated} generated tabs; seed {seed}",
    )


def _examples(
    notes: Sequence[TabNote], beats: BeatGrid, duration_s: float, n: int, rng: np.random.Generator
) -> list[tuple[Halves, Halves]]:
    """Rows [N_ROWS, WINDOW], and targets [3, WINDOW]: beats, downbeats, and where they are asked for."""
    examples = []
    for _ in range(n):
        heard, excerpt = varied_excerpt(notes, beats, duration_s, rng)
        if len(heard) < _LEAST_NOTES or len(excerpt.beats_s) < _LEAST_NOTES:
            continue
        lead_s = float(rng.uniform(0.2, 1.0))
        target = np.zeros((3, WINDOW), dtype=np.float32)
        at = (excerpt.beats_s + lead_s) * FRAME_HZ
        frame = np.floor(at).astype(np.int64)
        inside = frame < WINDOW - 1
        row = np.where(excerpt.places == 0, 1, 0)[inside]
        np.add.at(target, (row, frame[inside]), 1.0 - (at - frame)[inside])
        np.add.at(target, (row, frame[inside] + 1), (at - frame)[inside])
        first_s = min(min(n.onset_s for n in heard), float(excerpt.beats_s[0])) - _BEFORE_S
        last_s = max(max(n.onset_s for n in heard) + _AFTER_S, float(excerpt.beats_s[-1]))
        first, last = (int((t + lead_s) * FRAME_HZ) for t in (first_s, min(last_s, excerpt.duration_s)))
        target[2, max(first, 0) : last] = 1.0
        rows = onset_rows(heard, WINDOW, lead_s)
        examples.append((rows.astype(np.float16), np.minimum(target, 1.0).astype(np.float16)))
    return examples


def _stacked(examples: Sequence[tuple[Halves, Halves]]) -> tuple[Tensor, Tensor]:
    rows = np.array([rows for rows, _ in examples], np.float16).reshape(-1, N_ROWS, WINDOW)
    targets = np.array([target for _, target in examples], np.float16).reshape(-1, 3, WINDOW)
    return torch.from_numpy(rows), torch.from_numpy(targets)


def _fit(
    network: BeatNetwork,
    played: tuple[Tensor, Tensor],
    generated: tuple[Tensor, Tensor],
    steps: int,
    rng: np.random.Generator,
    device: str,
    progress: Callable[[str], None],
) -> dict[str, Tensor]:
    """The running mean of the weights, at the end of a cosine schedule."""
    network = network.to(device)
    optimiser = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    mean = {name: w.detach().clone() for name, w in network.state_dict().items()}
    n_generated = round(BATCH * GENERATED_SHARE) if len(generated[0]) else 0
    for step in range(steps):
        batch = _batch(played, generated, n_generated, rng)
        rows, targets = (part.to(device).float() for part in batch)
        for group in optimiser.param_groups:
            warm = min(1.0, (step + 1) / 150)
            group["lr"] = LEARNING_RATE * warm * (0.5 + 0.5 * math.cos(math.pi * step / steps)) + 1e-6
        with torch.autocast(rows.device.type, torch.bfloat16, enabled=rows.is_cuda):
            scores = network(rows)
        loss = _loss(scores.float(), targets)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        with torch.no_grad():
            for name, w in network.state_dict().items():
                mean[name].lerp_(w, _AVERAGED if step else 1.0)
        if step % 100 == 0:
            progress(f"step {step}/{steps}: loss {float(loss.detach()):.4f}")
    return mean


def _batch(
    played: tuple[Tensor, Tensor],
    generated: tuple[Tensor, Tensor],
    n_generated: int,
    rng: np.random.Generator,
) -> list[Tensor]:
    own = torch.from_numpy(rng.integers(len(played[0]), size=BATCH - n_generated))
    if not n_generated:
        return [part[own] for part in played]
    others = torch.from_numpy(rng.integers(len(generated[0]), size=n_generated))
    return [torch.cat([a[own], b[others]]) for a, b in zip(played, generated, strict=True)]


def _loss(scores: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy per frame where beats are asked for; a beat between frames is shared by both."""
    beats, asked = targets[:, :2], targets[:, 2]
    wanted = torch.cat([(1.0 - beats.sum(dim=1, keepdim=True)).clamp(min=0.0), beats], dim=1)
    price = -(wanted * functional.log_softmax(scores, dim=1)).sum(dim=1)
    return (price * asked).sum() / asked.sum()
