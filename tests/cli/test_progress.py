"""The progress line: for terminals only, with the time left, and gone at the end."""

from __future__ import annotations

import io

from fretscribe.cli.progress import ProgressLine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def draw(stream: io.StringIO, *shares: float, enabled: bool = True, step_s: float = 10.0) -> str:
    clock = Clock()
    with ProgressLine("song.wav", enabled=enabled, stream=stream, clock=clock) as progress:
        for share in shares:
            clock.now_s += step_s
            progress("listening", share)
    return stream.getvalue()


def test_share_stage_and_time_left() -> None:
    text = draw(Terminal(), 0.25, 0.5)
    assert "song.wav: listening  25 %, 0:30 left" in text
    assert "song.wav: listening  50 %, 0:20 left" in text
    assert text.endswith("\r\x1b[K")


def test_hours_are_counted() -> None:
    assert "2:45:00 left" in draw(Terminal(), 0.0, 0.1, step_s=550.0)


def test_no_guess_before_there_is_anything_to_go_by() -> None:
    assert "left" not in draw(Terminal(), 0.0)
    assert "left" not in draw(Terminal(), 0.5, step_s=0.5)


def test_it_does_not_redraw_faster_than_eyes() -> None:
    assert draw(Terminal(), *[0.1] * 50, step_s=0.01).count("listening") <= 6


def test_quiet_and_pipes_see_nothing() -> None:
    assert draw(io.StringIO(), 0.5) == ""
    assert draw(Terminal(), 0.5, enabled=False) == ""
