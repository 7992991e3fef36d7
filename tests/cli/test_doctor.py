"""The doctor's findings: what is absent, what fails, what works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from demucs_model import save_small_demucs
from fretscribe.cli.health import (
    EXTRAS,
    check_engraver,
    check_extra,
    check_ffmpeg,
    check_folder,
    check_health,
    check_package,
    check_separation_model,
)
from fretscribe.cli.installed import Requirement, own_requirements, requirements, why_not_loaded
from fretscribe.cli.selftest import check_transcription, check_weights, plucked_notes
from fretscribe.errors import WeightsError
from fretscribe.pipeline import Transcriber
from fretscribe.separation.demucs_files import Hub

ROOT = Path(__file__).parents[2]
PLUCKED = [(0.02, 0.6, 0, 45), (0.72, 1.3, 1, 52), (1.42, 2.0, 2, 57)]


def test_a_package_that_is_needed() -> None:
    fine = check_package(Requirement(name="numpy", at_least="1.26"))
    assert (fine.status, fine.detail) == ("ok", np.__version__)
    absent = check_package(Requirement(name="no-such-package", at_least="2.1"))
    assert absent.status == "FAILED"
    assert absent.detail.startswith("not installed: ")
    assert absent.detail.endswith('pip install "no-such-package>=2.1"')
    old = check_package(Requirement(name="numpy", at_least="1000"))
    assert old.status == "FAILED"
    assert f"numpy {np.__version__} is too old: " in old.detail
    assert old.detail.endswith('pip install "numpy>=1000"')


def test_an_extra_that_is_here_in_part_or_not_at_all() -> None:
    here, gone = Requirement(name="numpy", at_least="1"), Requirement(name="no-such-package", at_least="1")
    assert check_extra("media", "films", [here]).status == "ok"
    absent = check_extra("media", "films", [gone])
    assert absent.status == "absent"
    assert absent.detail.startswith("for films: ")
    assert absent.detail.endswith('pip install "fretscribe[media]"')
    assert check_extra("media", "films", [here, gone]).detail.startswith(
        "no-such-package not installed; for "
    )


def test_a_package_that_is_installed_and_broken(tmp_path: Path) -> None:
    """Its files are gone, or crash."""
    broken = Requirement(name="PyGuitarPro", at_least="0.1")
    script = "import sys\nfrom fretscribe.cli.health import check_package\n"
    script += "from fretscribe.cli.installed import Requirement\n"
    script += f"print(check_package(Requirement(name={broken.name!r}, at_least='0.1')))"
    (tmp_path / "guitarpro.py").write_text("raise ImportError('a library is missing')\n")
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "status='FAILED'" in done.stdout
    assert "installed, but does not load: ImportError: a library is missing (" in done.stdout
    assert "--force-reinstall" in done.stdout


def test_a_module_that_crashes_or_hangs_is_told() -> None:
    assert why_not_loaded(["os; os.abort()"]) == f"Python was ended by signal {signal.SIGABRT.value}"
    assert why_not_loaded(["sys; sys.exit(3)"]) == "Python left with code 3"
    assert why_not_loaded(["time; time.sleep(60)"], timeout_s=0.2) == "not done after 0 s"


def test_the_doctor_knows_the_extras_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {*EXTRAS, "dev"} == project["optional-dependencies"].keys()
    own = own_requirements()
    assert own is not None
    assert {r.extra for r in own} == {*EXTRAS, ""}
    assert {r.name.lower() for r in own if not r.extra} >= {"numpy", "onnxruntime", "pyguitarpro"}


def test_a_requirement_of_another_form_is_an_error() -> None:
    with pytest.raises(ValueError, match="of another form"):
        requirements(["numpy<3"])


def test_programs_and_how_to_get_them() -> None:
    assert check_ffmpeg(lambda name: f"/programs/{name}").detail == "/programs/ffmpeg"
    assert "apt install ffmpeg" in check_ffmpeg(lambda _: None).detail
    nothing = check_engraver(lambda _: None)
    assert nothing.status == "absent"
    assert "apt install lilypond" in nothing.detail
    assert check_engraver(lambda name: f"/programs/{name}").detail == "/programs/lilypond"
    second = check_engraver(lambda name: None if name == "lilypond" else f"/programs/{name}")
    assert second.status == "ok"
    assert "LilyPond keeps those of the tab" in second.detail


def test_folders_that_can_be_written_and_not(tmp_path: Path) -> None:
    fine = check_folder("cache", tmp_path / "not" / "yet", "stems", "FRETSCRIBE_CACHE")
    assert (fine.status, fine.detail) == ("ok", str(tmp_path / "not" / "yet"))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    wrong = check_folder("cache", tmp_path / "file" / "cache", "stems", "FRETSCRIBE_CACHE")
    assert wrong.status == "FAILED"
    assert "cannot be written (Not a directory); for stems: let FRETSCRIBE_CACHE name another" in wrong.detail


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


def test_no_room_for_the_trial(make_acoustic: Callable[..., Any]) -> None:
    def load(weights: Path | None) -> Transcriber:
        raise OSError(28, "No space left on device")

    failed = check_transcription(None, load=load)
    assert failed.status == "FAILED"
    assert "No space left on device" in failed.detail
    assert "TMPDIR" in failed.detail


def test_weights_that_are_not_there(tmp_path: Path) -> None:
    finding = check_weights(tmp_path / "nowhere")
    assert finding.status == "FAILED"
    assert "is not a folder of weights" in finding.detail


@pytest.mark.slow
def test_the_report_is_a_line_a_finding_and_a_verdict(tmp_path: Path) -> None:
    lines: list[str] = []
    assert not check_health(tmp_path / "nowhere", lines.append)  # and the trial is not even begun
    assert any(line.startswith("ok      numpy") for line in lines)
    assert any(line.startswith("FAILED  weights") for line in lines)
    assert lines[-1] == "does not work: weights"


def test_the_trial_sound_is_sound() -> None:
    sound = plucked_notes((45, 57))
    assert sound.shape == (2 * round(0.7 * 22050),)
    assert 0.05 < float(abs(sound).max()) < 1.0
    assert float(abs(sound[-10:]).max()) == pytest.approx(0.0, abs=0.01)
