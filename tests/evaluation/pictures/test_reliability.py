"""The reliability diagram: a file that can be looked at, and one line where it cannot be drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fretscribe.errors import OutputError
from fretscribe.evaluation.pictures.reliability import reliability_diagram
from fretscribe.symbolic.calibration import Calibration
from fretscribe.symbolic.calibration_curves import sigmoid
from fretscribe.symbolic.calibration_fit import fit_calibration


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    rng = np.random.default_rng(0)
    z = rng.normal(0.5, 1.5, 500)
    return fit_calibration(
        z[:, None],
        rng.random(500) < sigmoid(z),
        np.arange(500) % 4,
        names=("fret",),
        scalar="fret",
        level="frames",
    )


def test_a_png_has_ink_of_each_colour_on_white_paper(calibration: Calibration, tmp_path: Path) -> None:
    from matplotlib.image import imread

    path = tmp_path / "reliability.png"
    reliability_diagram(calibration, path)
    pixels = imread(path)
    height, width = pixels.shape[:2]
    assert height > 800
    assert width > 800
    assert (pixels[[0, 0, -1, -1], [0, -1, 0, -1], :3] == 1.0).all()
    red, green, blue = np.moveaxis(pixels[..., :3], -1, 0)
    assert ((blue > 0.6) & (red < 0.3)).sum() > 500, "the curve and the counts"
    assert ((red > 0.7) & (blue < 0.3) & (green < 0.6)).sum() > 500, "the thresholds"


def test_an_svg_says_the_figures_and_no_date(calibration: Calibration, tmp_path: Path) -> None:
    path = tmp_path / "reliability.svg"
    reliability_diagram(calibration, path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<?xml")
    assert "<!-- 500 frets in frames" in text
    assert f"ECE {calibration.scores.ece:.3f}" in text
    assert calibration.chosen.threshold is not None
    assert f"<!-- from {calibration.chosen.threshold:.2f}: " in text
    assert "<dc:date>" not in text


def test_a_target_that_is_not_met_is_said(calibration: Calibration, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    made = fit_calibration(
        rng.normal(0, 1, (300, 1)),
        rng.random(300) < 0.5,
        np.arange(300) % 3,
        names=("product",),
        scalar="product",
        level="notes",
        target_accuracy=0.95,
    )
    assert not made.chosen.target_met
    path = tmp_path / "x.svg"
    reliability_diagram(made, path)
    assert "<!-- no threshold reaches 95% -->" in path.read_text(encoding="utf-8")


def test_nothing_is_overwritten_unasked(calibration: Calibration, tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists"):
        reliability_diagram(calibration, path)
    assert path.read_bytes() == b"mine"
    reliability_diagram(calibration, path, force=True)
    assert path.read_bytes()[:4] == b"\x89PNG"
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.png"]
