"""The doctor's findings: what is absent, what fails, what works."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demucs_model import save_small_demucs
from fretscribe.cli.health import check_extra, check_health, check_package, check_separation_model
from fretscribe.cli.selftest import check_transcription, check_weights, plucked_notes
from fretscribe.errors import WeightsError
from fretscribe.pipeline import Transcriber
from fretscribe.separation.demucs_files import Hub

PLUCKED = [(0.02, 0.6, 0, 45), (0.72, 1.3, 1, 52), (1.42, 2.0, 2, 57)]


def test_packages_and_extras() -> None:
    assert check_package("numpy").status == "ok"
    assert check_package("no-such-package-of-ours").status == "FAILED"
    assert check_extra("eval", ("json", "csv")).status == "ok"
    absent = check_extra("media", ("json", "no_such_module_of_ours"))
    assert absent.status == "absent"
    assert "without no_such_module_of_ours (pip install 'fretscribe[media]')" in absent.detail


def test_the_model_of_separation(tmp_path: Path) -> None:
    pytest.importorskip("demucs", reason="needs the extra 'separate'")
    absent = check_separation_model(Hub(cache=tmp_path))
    assert (absent.name, absent.status) == ("htdemucs_6s", "absent")
    snapshots = tmp_path / "models--adefossez--HTDemucs-6s"
    save_small_demucs(snapshots / "snapshots" / "abc", name="htdemucs_6s")
    (snapshots / "refs").mkdir()
    (snapshots / "refs" / "main").write_text("abc")
    assert check_separation_model(Hub(cache=tmp_path)).status == "ok"
    (snapshots / "snapshots" / "abc" / "htdemucs_6s.yaml").write_text("nothing")
    assert check_separation_model(Hub(cache=tmp_path)).status == "absent"


def test_a_working_transcriber_passes(make_acoustic: Callable[..., Any]) -> None:
    finding = check_transcription(None, load=lambda _: Transcriber(acoustic=make_acoustic(PLUCKED)))
    assert finding.status == "ok"


def test_a_deaf_one_fails(make_acoustic: Callable[..., Any]) -> None:
    finding = check_transcription(None, load=lambda _: Transcriber(acoustic=make_acoustic(PLUCKED[:2])))
    assert finding.status == "FAILED"
    assert "did not hear A3" in finding.detail


def test_one_that_cannot_be_loaded_fails() -> None:
    def load(weights: Path | None) -> Transcriber:
        raise WeightsError("they are gone")

    assert check_transcription(None, load=load).detail == "they are gone"


def test_weights_that_are_not_there(tmp_path: Path) -> None:
    finding = check_weights(tmp_path / "nowhere")
    assert finding.status == "FAILED"
    assert "is not a folder of weights" in finding.detail


def test_the_report_is_a_line_a_finding_and_a_verdict(tmp_path: Path) -> None:
    lines: list[str] = []
    assert not check_health(tmp_path / "nowhere", lines.append)
    assert any(line.startswith("ok      numpy") for line in lines)
    assert any(line.startswith("FAILED  weights") for line in lines)
    assert lines[-1] == "something needed does not work"


def test_the_trial_sound_is_sound() -> None:
    sound = plucked_notes((45, 57))
    assert sound.shape == (2 * round(0.7 * 22050),)
    assert 0.05 < float(abs(sound).max()) < 1.0
    assert float(abs(sound[-10:]).max()) == pytest.approx(0.0, abs=0.01)
