"""The words of separation: when to separate, and what to listen to afterwards."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from fretscribe.errors import MissingExtraError, OptionError
from fretscribe.frames import FloatArray

SeparationMode = Literal["auto", "on", "off"]
SEPARATION_MODES: tuple[SeparationMode, ...] = get_args(SeparationMode)

Stem = Literal["guitar", "other", "bass", "no_vocals"]
STEMS: tuple[Stem, ...] = get_args(Stem)

DEFAULT_MODEL = "htdemucs_6s"
STAGE_NAME = "separation"


def separation_is_installed() -> bool:
    """Whether the extra ``separate`` is there."""
    return importlib.util.find_spec("demucs") is not None


def require_separation(*, is_installed: Callable[[], bool] = separation_is_installed) -> None:
    """Raise `MissingExtraError` if the extra ``separate`` is not installed."""
    if not is_installed():
        raise MissingExtraError("--separate on", "separate")


def check_stem(stem: Stem, sources: Sequence[str], model: str) -> None:
    """Raise `OptionError` if a network that tells these sources apart cannot give this stem."""
    wanted = "vocals" if stem == "no_vocals" else stem
    if wanted not in sources:
        can = [name for name in STEMS if name in sources]
        can += ["no_vocals"] if "vocals" in sources else []
        mend = f"it can give --stem {' or '.join(can)}" if can else "choose another --separation-model"
        raise OptionError(f"{model} has no stem {stem!r}, it separates {', '.join(sources)}", mend=mend)


def pick_stem(separated: FloatArray, sources: Sequence[str], stem: Stem) -> npt.NDArray[np.float32]:
    """One stem of all.

    Parameters
    ----------
    separated : float32 array [n_sources, n_channels, n_samples]
    sources : sequence of str
    stem : Stem
        ``no_vocals`` is the sum of all sources but the vocals.

    Returns
    -------
    float32 array [n_channels, n_samples]
    """
    if stem == "no_vocals":
        rest = [number for number, name in enumerate(sources) if name != "vocals"]
        return np.asarray(separated[rest].sum(axis=0))
    return np.asarray(separated[list(sources).index(stem)])
