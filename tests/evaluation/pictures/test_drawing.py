"""What all pictures share: which files can be drawn, and that nothing outside the picture changes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fretscribe.errors import OptionError, OutputError
from fretscribe.evaluation.pictures.drawing import axes_at, check_picture, new_figure, save_figure


def test_only_two_suffixes_are_known(tmp_path: Path) -> None:
    check_picture(tmp_path / "x.PNG")
    with pytest.raises(OptionError, match=r"end it in \.png or \.svg"):
        check_picture(tmp_path / "x.pdf")


def test_without_matplotlib_the_mend_is_named() -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "sys.modules['matplotlib'] = None\n"  # as if it were not installed
        "from fretscribe.errors import MissingExtraError\n"
        "from fretscribe.evaluation.pictures.drawing import check_picture\n"
        "try:\n"
        "    check_picture(Path('x.png'))\n"
        "except MissingExtraError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "drawing a picture needs the extra 'eval'" in done.stdout
    assert 'pip install "fretscribe[eval]"' in done.stdout


def test_axes_lie_where_they_are_put_in_inches() -> None:
    figure = new_figure(10.0, 5.0, dpi=100)
    axes = axes_at(figure, left=1.0, top=0.5, width=4.0, height=2.0)
    assert axes.get_position().bounds == pytest.approx((0.1, 0.5, 0.4, 0.4))


def test_a_picture_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    figure = new_figure(2.0, 1.0, dpi=50)
    path = tmp_path / "x.png"
    path.write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists"):
        save_figure(figure, path, force=False)
    assert path.read_bytes() == b"mine"
    save_figure(figure, path, force=True)
    assert path.read_bytes()[:4] == b"\x89PNG"
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.png"]


def test_drawing_leaves_matplotlib_as_it_was(tmp_path: Path) -> None:
    """In a fresh process, where nobody else has drawn anything or changed a setting."""
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "import matplotlib\n"
        "before = dict(matplotlib.rcParams)\n"
        "from fretscribe.evaluation.pictures.summary import summary_picture\n"
        "from fretscribe.evaluation.pictures.track import track_pictures\n"
        "from fretscribe.evaluation.run import compare\n"
        "from fretscribe.music import Note, Position, Tab, TabNote, Tuning\n"
        "from fretscribe.result import Transcription\n"
        "def played(string, fret):\n"
        "    place = Position(string=string, fret=fret)\n"
        "    note = Note(onset_s=0.0, offset_s=1.0, pitch=Tuning().pitch(place))\n"
        "    return Transcription(tab=Tab(tuning=Tuning(), notes=(TabNote(note=note, position=place),)))\n"
        "evaluation = compare(played(1, 5), played(2, 0), title='x')\n"
        "track_pictures(evaluation.rows[0], Path(sys.argv[1]))\n"
        "summary_picture(evaluation, Path(sys.argv[1]))\n"
        "assert dict(matplotlib.rcParams) == before\n"
        "import matplotlib.pyplot\n"  # mir_eval has loaded it anyway
        "assert matplotlib.pyplot.get_fignums() == []\n"
        "print(sorted(path.name for path in Path(sys.argv[1]).iterdir()))\n"
    )
    command = [sys.executable, "-W", "error", "-c", script, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "['summary.png', 'x.png']\n"
