"""When to separate and what to listen to: words, and the reasons why not."""

from __future__ import annotations

import numpy as np
import pytest

from demucs_model import SIX_SOURCES
from fretscribe.errors import MissingExtraError, OptionError
from fretscribe.separation.stems import check_stem, pick_stem, require_separation

FOUR_SOURCES = ("drums", "bass", "other", "vocals")


def test_without_the_extra_the_install_line_is_named() -> None:
    with pytest.raises(MissingExtraError, match=r"--separate on") as caught:
        require_separation(is_installed=lambda: False)
    assert "fretscribe[separate]" in str(caught.value)
    require_separation(is_installed=lambda: True)


def test_a_stem_that_a_model_does_not_give() -> None:
    for stem in ("guitar", "other", "bass", "no_vocals"):
        check_stem(stem, SIX_SOURCES, "six")
    with pytest.raises(OptionError, match="four has no stem 'guitar'") as caught:
        check_stem("guitar", FOUR_SOURCES, "four")
    assert caught.value.mend == "it can give --stem other or bass or no_vocals"
    with pytest.raises(OptionError, match="it separates speech"):
        check_stem("no_vocals", ("speech",), "odd")


def test_stems_are_taken_by_name() -> None:
    separated = np.arange(4 * 2 * 3, dtype=np.float32).reshape(4, 2, 3)
    np.testing.assert_array_equal(pick_stem(separated, FOUR_SOURCES, "bass"), separated[1])
    np.testing.assert_array_equal(
        pick_stem(separated, FOUR_SOURCES, "no_vocals"), separated[0] + separated[1] + separated[2]
    )
