"""A small Demucs of random weights in the files of the real ones: it separates nothing, but all code runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

SIX_SOURCES = ("drums", "bass", "other", "vocals", "guitar", "piano")
SMALL: dict[str, object] = {
    "channels": 8,
    "depth": 4,
    "t_layers": 1,
    "t_heads": 2,
    "bottom_channels": 16,
    "t_hidden_scale": 1.0,
}


def save_small_demucs(
    folder: Path,
    *,
    name: str = "small",
    sources: Sequence[str] = SIX_SOURCES,
    segment_s: Fraction = Fraction(39, 20),
    seed: int = 0,
    n_networks: int = 1,
    bag: dict[str, object] | None = None,
) -> Path:
    """Write networks and their list as Demucs 4.1 publishes them; returns the folder."""
    import torch
    from demucs.htdemucs import HTDemucs
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    signatures = [f"{number:08x}" for number in range(n_networks)]
    for signature in signatures:
        network = HTDemucs(list(sources), segment=segment_s, **SMALL)
        state = {key: value.contiguous() for key, value in network.state_dict().items()}
        fraction = {
            "_type": "fraction",
            "numerator": segment_s.numerator,
            "denominator": segment_s.denominator,
        }
        metadata = {
            "klass": "demucs.htdemucs.HTDemucs",
            "args": "[]",
            "kwargs": json.dumps({"sources": list(sources), "segment": fraction, **SMALL}),
        }
        save_file(state, folder / f"{signature}.safetensors", metadata=metadata)
    listing = {"models": signatures, **(bag or {})}
    (folder / f"{name}.yaml").write_text(json.dumps(listing))  # JSON is YAML
    return folder
