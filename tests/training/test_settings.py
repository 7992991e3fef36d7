"""Configurations that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from fretscribe.errors import OptionError
from fretscribe.training.tab_run import read_lstm_run


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x = " + b"[" * 100_000, b"[loop", b"x = 1\nx = 2"])
def test_what_is_no_toml(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_bytes(content)
    with pytest.raises(OptionError, match="is not TOML"):
        read_lstm_run(path)


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="cannot read"):
        read_lstm_run(tmp_path / "nowhere.toml")
