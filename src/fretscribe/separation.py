"""Takes the guitar out of a mix: for now it says, honestly, that it did not.

The stage and its option exist from the first version on, so that callers and files need not change when the
pre-trained separator joins. Neighbours: ``io.audio`` reads what comes in, ``pipeline`` calls this.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Literal

from fretscribe.errors import MissingExtraError, OptionError
from fretscribe.frames import Audio
from fretscribe.result import Stage

SeparationMode = Literal["auto", "on", "off"]
SEPARATION_MODES: tuple[SeparationMode, ...] = ("auto", "on", "off")

STAGE_NAME = "separation"


def _demucs_is_installed() -> bool:
    return importlib.util.find_spec("demucs") is not None


def require_separation(*, is_installed: Callable[[], bool] = _demucs_is_installed) -> None:
    """Raise the reason why separation cannot be switched on.

    Raises
    ------
    MissingExtraError
        If the extra ``separate`` is not installed.
    OptionError
        If it is: this version cannot use it yet.
    """
    if not is_installed():
        raise MissingExtraError("--separate on", "separate")
    raise OptionError(
        "this version cannot separate instruments yet", mend="use --separate off, or give a guitar stem"
    )


def separate(
    audio: Audio, mode: SeparationMode, *, is_installed: Callable[[], bool] = _demucs_is_installed
) -> tuple[Audio, Stage]:
    """Return the guitar in a recording, and what was done.

    Parameters
    ----------
    audio : Audio
    mode : "auto", "on" or "off"
        ``auto`` separates where that is possible, ``on`` insists.
    is_installed : callable
        Whether the separator's package is there.

    Raises
    ------
    MissingExtraError, OptionError
        With ``on``: see `require_separation`.
    """
    if mode == "on":
        require_separation(is_installed=is_installed)
    if mode == "off":
        detail = "switched off"
    elif is_installed():
        detail = "this version cannot separate instruments yet; the recording was heard as it is"
    else:
        detail = "the extra 'separate' is not installed; the recording was heard as it is"
    return audio, Stage(name=STAGE_NAME, status="skipped", detail=detail)
