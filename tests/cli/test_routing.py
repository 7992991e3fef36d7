"""Which command a line means."""

from __future__ import annotations

from pathlib import Path

import pytest

from fretscribe.cli.routing import route
from fretscribe.errors import OptionError

COMMANDS = ["transcribe", "retab", "convert", "doctor"]


@pytest.mark.parametrize(
    ("line", "routed"),
    [
        ([], ["--help"]),
        (["song.wav"], ["transcribe", "song.wav"]),
        (["-o", "out", "song.wav"], ["transcribe", "-o", "out", "song.wav"]),
        (["music/song"], ["transcribe", "music/song"]),
        (["retab", "song.json"], ["retab", "song.json"]),
        (["--help"], ["--help"]),
        (["--version"], ["--version"]),
        (["./convert"], ["transcribe", "./convert"]),
    ],
)
def test_routes(line: list[str], routed: list[str]) -> None:
    assert route(line, COMMANDS) == routed


def test_a_misspelled_command_is_no_file() -> None:
    with pytest.raises(OptionError, match="did you mean 'fretscribe transcribe'"):
        route(["transcibe", "song.wav"], COMMANDS)
    with pytest.raises(OptionError, match="neither a command nor a file"):
        route(["xyzzy"], COMMANDS)


def test_a_file_without_suffix_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("doctr").touch()
    assert route(["doctr"], COMMANDS) == ["transcribe", "doctr"]
