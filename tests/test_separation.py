"""Separation is honest about not being there."""

from __future__ import annotations

import numpy as np
import pytest

from fretscribe.errors import MissingExtraError, OptionError
from fretscribe.frames import Audio
from fretscribe.separation import separate

AUDIO = Audio(samples=np.zeros((1, 10), dtype=np.float32), sample_rate=22050)


@pytest.mark.parametrize("installed", [True, False])
def test_on_is_refused_with_the_reason(installed: bool) -> None:
    with pytest.raises(OptionError if installed else MissingExtraError) as caught:
        separate(AUDIO, "on", is_installed=lambda: installed)
    assert caught.value.mend


def test_off_and_auto_leave_the_audio_and_say_so() -> None:
    off, off_stage = separate(AUDIO, "off")
    assert off is AUDIO
    assert (off_stage.status, off_stage.detail) == ("skipped", "switched off")
    auto, auto_stage = separate(AUDIO, "auto", is_installed=lambda: False)
    assert auto is AUDIO
    assert auto_stage.status == "skipped"
    assert "'separate' is not installed" in auto_stage.detail
    _, stage = separate(AUDIO, "auto", is_installed=lambda: True)
    assert "cannot separate" in stage.detail
