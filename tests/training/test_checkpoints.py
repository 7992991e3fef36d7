"""Checkpoints that are broken, or of something else."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import torch

from fretscribe.errors import WeightsError
from fretscribe.training.checkpoints import restoring, save_checkpoint


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "run.pt"
    for step in (1, 2):
        save_checkpoint({"step": step, "x": torch.arange(3)}, path)
    with restoring(path) as saved:
        assert saved["step"] == 2
        assert saved["x"].tolist() == [0, 1, 2]


class _Runs:
    """A pickle that would run something."""

    def __reduce__(self) -> tuple[object, ...]:
        return (print, ("I was run",))


def test_broken_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.pt"
    save_checkpoint({"x": torch.arange(3)}, path)
    whole = path.read_bytes()
    torch.save(_Runs(), tmp_path / "evil.pt")
    for data in (b"", b"no zip", whole[:-30], whole[:100], (tmp_path / "evil.pt").read_bytes()):
        path.write_bytes(data)
        with pytest.raises(WeightsError, match=r"cannot go on from .*run\.pt") as caught, restoring(path):
            pass
        assert "\n" not in str(caught.value)
        assert caught.value.mend
    assert capsys.readouterr().out == ""


def test_a_storage_named_by_a_number(tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    save_checkpoint({"x": 1}, path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, b"\x80\x02K\x01Q." if name.endswith("data.pkl") else data)
    with pytest.raises(WeightsError, match="cannot go on from"), restoring(path):
        pass


@pytest.mark.parametrize("read", [lambda saved: saved["absent"], lambda saved: saved.nothing])
def test_one_of_another_run(read: object, tmp_path: Path) -> None:
    save_checkpoint({"x": 1}, tmp_path / "run.pt")
    with pytest.raises(WeightsError, match="cannot go on from"), restoring(tmp_path / "run.pt") as saved:
        read(saved)  # type: ignore[operator]
