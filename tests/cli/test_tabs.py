"""``fretscribe tabs show``, and text tabs wherever a command reads by suffix."""

from __future__ import annotations

from pathlib import Path

import pytest

from fretscribe.cli.__main__ import run
from fretscribe.io.formats import read_tab

TAB = "Capo: 2\nTempo: 60 bpm\n\n" + "".join(
    f"{s}|-{f}-------{'2nd' if s == 'e' else '---'}-----|\n" for s, f in zip("eBGDAE", "3--0--", strict=True)
)


@pytest.fixture
def tab(tmp_path: Path) -> Path:
    path = tmp_path / "song.txt"
    path.write_text(TAB, encoding="utf-8")
    return path


def test_show(tab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tabs", "show", str(tab)]) == 0
    out, err = capsys.readouterr()
    assert out == "time_s\tstring\tfret\tpitch\n0.000\t2\t0\t52\n0.000\t5\t3\t69\n"
    assert "tempo: 60 bpm (header), 4/4 (default)" in err
    assert "warning: line 4, column 12: '2nd': words on a string" in err


def test_show_with_options(tab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--capo", "0", "--tuning", "half-step down", "--bpm", "120", "--unroll", "-q"]
    assert run(["tabs", "show", str(tab), *options]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[1:] == ["0.000\t2\t0\t49", "0.000\t5\t3\t66"]
    assert err == ""


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--capo", "40"], 2, "a capo sits on fret 0"),
        (["--bpm", "1"], 2, "a tempo lies between"),
        (["--tuning", "nonsense"], 2, "is not a tuning"),
        (["--tuning", "bass"], 2, "4 strings, the tab 6"),
    ],
)
def test_bad_options(
    tab: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: int, says: str
) -> None:
    assert run(["tabs", "show", str(tab), *options]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err


def test_bad_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letter.txt").write_text("Dear Sir,\n", encoding="utf-8")
    assert run(["tabs", "show", str(tmp_path / "letter.txt")]) == 3
    assert run(["tabs", "show", str(tmp_path / "absent.txt")]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "no line looks like a string of a tab" in err
    assert "no such file" in err


def test_convert_reads_text_tabs(tab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tab.with_suffix(".json")
    assert run(["convert", str(tab), str(target)]) == 0
    read = read_tab(target).tab
    assert [(n.position.string, n.position.fret, n.note.pitch) for n in read.notes] == [
        (2, 0, 52),
        (5, 3, 69),
    ]
    assert read.tuning.capo == 2


def test_retab_reads_text_tabs(tab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["retab", str(tab), "-o", "-", "-f", "txt", "-q"]) == 0
    assert "Tempo: 60 bpm" in capsys.readouterr().out


def test_convert_plays_repeats_out(tab: Path) -> None:
    tab.write_text(TAB.replace("2nd", "---").replace("|\nB", "| x3\nB"), encoding="utf-8")
    once, thrice = tab.with_name("once.json"), tab.with_name("thrice.json")
    assert run(["convert", str(tab), str(once)]) == 0
    assert run(["convert", str(tab), str(thrice), "--unroll"]) == 0
    assert (len(read_tab(once).tab.notes), len(read_tab(thrice).tab.notes)) == (2, 6)
