"""``--separate`` from the command line, with a small Demucs of random weights: everything runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from demucs_model import SIX_SOURCES, save_small_demucs
from fretscribe.cli.__main__ import run

pytest.importorskip("demucs", reason="needs the extra 'separate'")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save_small_demucs(tmp_path_factory.mktemp("model")))


@pytest.mark.slow
def test_a_recording_is_taken_apart_and_transcribed(
    recording: Path,
    model: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FRETSCRIBE_CACHE", str(tmp_path / "cache"))
    out, stems = tmp_path / "out", tmp_path / "stems"
    line = [str(recording), "--separate", "on", "--separation-model", model, "-f", "json"]
    assert run([*line, "--stem", "other", "--stems-out", str(stems), "-o", str(out)]) == 0
    assert {path.name for path in stems.iterdir()} == {f"song.{source}.wav" for source in SIX_SOURCES}
    assert "mix     stem other of small on " in capsys.readouterr().err
    stages = json.loads((out / "song.json").read_text(encoding="utf-8"))["stages"]
    (stage,) = [stage for stage in stages if stage["name"] == "separation"]
    assert stage["status"] == "ran"
    assert stage["detail"].startswith("stem other of small on ")
    assert len(list((tmp_path / "cache" / "stems").iterdir())) == 1


def test_options_that_do_not_go_together(
    recording: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = {
        ("--separate", "off", "--stem", "other"): "there is no stem to choose",
        ("--separate", "off", "--stems-out", "x"): "no stems without separation",
        ("--separate", "on", "--separation-model", "../x y"): "../x y is no folder",
        ("--separate", "on", "--separation-model", "x y"): "is not the name of a separation model",
    }
    for options, message in lines.items():
        assert run([str(recording), *options]) != 0
        err = capsys.readouterr().err
        assert message in err
        assert err.count("\n") == 1
    assert [path.name for path in recording.parent.iterdir()] == [recording.name]
