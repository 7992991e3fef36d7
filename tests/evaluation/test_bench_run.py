"""Running systems as programs of their own, here small scripts that say what they are told to."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS, GuitarSet, open_guitarset
from fretscribe.errors import DatasetError, InputError, OptionError
from fretscribe.evaluation import bench_worker
from fretscribe.evaluation.bench_run import (
    Heard,
    System,
    hear,
    judge,
    our_system,
    parse_answer,
    peer_system,
    run_bench,
)
from fretscribe.evaluation.notes import tab_arrays
from fretscribe.evaluation.run import evaluate_track
from fretscribe.music import Tab
from guitarset_folder import TRACKS, make_folder

Answer = dict[str, object]
Make = Callable[[str], System]
COST: Answer = {"version": "7.1", "start_cpu_s": 0.5, "cpu_s": 0.25, "peak_mb": 80.0}


def _answer(tab: Tab, *, with_places: bool, every: int = 1) -> Answer:
    notes = []
    for tab_note in tab.notes[::every]:
        note, position = tab_note.note, tab_note.position
        heard = {"onset_s": note.onset_s, "offset_s": note.offset_s, "pitch": note.pitch}
        notes.append(heard | ({"string": position.string, "fret": position.fret} if with_places else {}))
    return COST | {"notes": notes}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("guitarset")


@pytest.fixture(scope="module")
def tabs(home: Path) -> dict[str, Tab]:
    return make_folder(home)


@pytest.fixture
def dataset(home: Path, tabs: dict[str, Tab]) -> GuitarSet:
    return open_guitarset(home)


@pytest.fixture
def script(tmp_path: Path) -> Make:
    """Makes a system of the body of a Python file, in which ``recording`` is the name of what is heard."""

    def make(body: str) -> System:
        path = tmp_path / "peer.py"
        path.write_text(
            "import json, pathlib, sys\n"
            "print('listening', file=sys.stderr)\n"
            "recording = pathlib.Path(sys.argv[-1]).name\n" + body
        )
        return System(name="fake", command=(sys.executable, str(path)))

    return make


def _says(answers: dict[str, Answer]) -> str:
    return f"print(json.dumps(json.loads({json.dumps(answers)!r})[recording.removesuffix('_mic.wav')]))\n"


def test_each_system_hears_every_recording_and_is_judged_alike(
    dataset: GuitarSet, tabs: dict[str, Tab], script: Make, tmp_path: Path
) -> None:
    knows = script(_says({name: _answer(tab, with_places=True) for name, tab in tabs.items()}))
    path = tmp_path / "deaf.py"
    path.write_text(f"print({json.dumps(json.dumps(COST | {'notes': []}))})\n")
    deaf = peer_system("deaf", str(path))
    seen: list[tuple[str, float]] = []
    bench = run_bench(
        dataset, knows, [deaf], progress=lambda what, share: seen.append((what, share)), settings={"a": 1}
    )
    assert [(info.name, info.version, info.fingering) for info in bench.systems] == [
        ("fake", "7.1", "own"),
        ("deaf", "7.1", "nearest position"),
    ]
    assert bench.systems[0].start_cpu_s == 0.5
    assert [(row.track_id, row.style) for row in bench.of("fake")] == [
        (track.track_id, track.style) for track in dataset.tracks
    ]
    for measure in ("note_f1", "note_offset_f1", "tab_note_f1"):
        assert bench.mean("fake", measure) == 1.0
        assert bench.mean("deaf", measure) == 0.0
    assert {(row.cpu_s, row.peak_mb) for row in bench.rows} == {(0.25, 80.0)}
    assert bench.settings == {"a": 1}
    assert seen[0] == (f"fake {TRACKS[0]}", 0.0)
    assert [share for _, share in seen] == sorted(share for _, share in seen)
    assert len(seen) == 2 * len(TRACKS)


def test_development_recordings_are_called_so(tmp_path: Path, script: Make) -> None:
    make_folder(tmp_path, [DEVELOPMENT_TRACKS[0], TRACKS[1]])
    bench = run_bench(open_guitarset(tmp_path), script(f"print(json.dumps({COST | {'notes': []}!r}))"), [])
    assert str(bench.settings["development recordings"]).startswith("1 of 2;")


def test_only_the_tracks_asked_for_are_heard_and_all_must_be_there(
    dataset: GuitarSet, tabs: dict[str, Tab], script: Make
) -> None:
    only = {TRACKS[1]: _answer(tabs[TRACKS[1]], with_places=True)}
    bench = run_bench(dataset, script(_says(only)), [], tracks=[TRACKS[1]])
    assert [row.track_id for row in bench.rows] == [TRACKS[1]]
    with pytest.raises(DatasetError, match="no track '09_x_solo'"):
        run_bench(dataset, script("sys.exit('was started')"), [], tracks=["09_x_solo"])


def test_a_recording_that_is_missing_is_told_before_anything_is_started(
    home: Path, tabs: dict[str, Tab], script: Make, tmp_path: Path
) -> None:
    (tmp_path / "annotation").mkdir()
    name = f"annotation/{TRACKS[0]}.jams"
    (tmp_path / name).write_bytes((home / name).read_bytes())
    with pytest.raises(DatasetError, match="no mic recording"):
        run_bench(open_guitarset(tmp_path), script("sys.exit('was started')"), [], tracks=[TRACKS[0]])


@pytest.mark.parametrize("every", [1, 2])
def test_the_figures_are_those_of_evaluate(dataset: GuitarSet, tabs: dict[str, Tab], every: int) -> None:
    track = dataset.tracks[0]
    answer = _answer(tabs[track.track_id], with_places=True, every=every)
    heard = parse_answer(json.dumps(answer).encode(), "x")
    row = judge("x", track, track.truth(), heard)
    tab = tabs[track.track_id]
    thinned = Tab(tuning=tab.tuning, notes=tab.notes[::every])
    assert heard.notes.fret.tolist() == tab_arrays(thinned).fret.tolist()
    scores = evaluate_track(track.truth(), thinned)
    assert (row.notes, row.frames) == (scores.notes, scores.frames)


def test_notes_without_places_are_fingered_and_all_of_them_count(
    dataset: GuitarSet, tabs: dict[str, Tab]
) -> None:
    track = dataset.tracks[0]
    answer = _answer(tabs[track.track_id], with_places=False)
    answer["notes"] = [*answer["notes"], {"onset_s": 0.1, "offset_s": 0.3, "pitch": 21.5}]  # type: ignore[misc]
    heard = parse_answer(json.dumps(answer).encode(), "x")
    row = judge("x", track, track.truth(), heard)
    assert not heard.has_places
    n_played = len(track.truth().notes)
    assert (row.notes.onset.n_matched, row.notes.onset.n_est) == (n_played, n_played + 1)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("sys.exit(3)", r"fake failed on a\.wav, code 3: listening"),
        ("raise OSError('no such model')", r"fake failed on a\.wav, code 1: OSError: no such model"),
        ("print('Loading...')", r"the answer of fake on a\.wav: line 1, column 1"),
        ("", r"the answer of fake on a\.wav: line 1"),
        ("print('[]')", "must be an object"),
        ("print(json.dumps({'notes': []}))", "lacks the key 'version'"),
    ],
    ids=["exit", "traceback", "chatter", "nothing", "list", "incomplete"],
)
def test_a_system_that_fails_or_babbles_is_told_in_one_line(
    script: Make, tmp_path: Path, body: str, message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        hear(script(body), tmp_path / "a.wav")
    assert "\n" not in str(caught.value)


NOTE = {"onset_s": 0.0, "offset_s": 0.5, "pitch": 40}


@pytest.mark.parametrize(
    ("note", "message"),
    [
        (NOTE | {"offset_s": 0.0}, r"notes\[0\]: must end after it starts"),
        (NOTE | {"pitch": 128}, r"notes\[0\]\.pitch: must be a MIDI pitch"),
        (NOTE | {"pitch": "E2"}, r"notes\[0\]\.pitch: must be a number"),
        (NOTE | {"string": 2}, r"notes\[0\]: lacks the key 'fret'"),
        (NOTE | {"string": 8, "fret": 0}, r"notes\[0\]\.string: must be a string of 0 to 7"),
        (NOTE | {"string": 1, "fret": -1}, r"notes\[0\]\.fret: must be an integer of 0 or more"),
        (NOTE | {"string": 1, "fret": 10**400}, r"notes\[0\]\.fret: must be a fret of 0 to 127"),
        (NOTE | {"velocity": 3}, r"notes\[0\]: has the unknown key 'velocity'"),
    ],
)
def test_impossible_notes_are_refused_with_their_place(
    script: Make, tmp_path: Path, note: Answer, message: str
) -> None:
    peer = script(f"print({json.dumps(json.dumps(COST | {'notes': [note]}))})")
    with pytest.raises(InputError, match=message):
        hear(peer, tmp_path / "a.wav")


def test_places_are_the_systems_own_for_all_notes_or_for_none() -> None:
    notes = [NOTE | {"string": 0, "fret": 0}, NOTE | {"onset_s": 0.2}]
    with pytest.raises(InputError, match=r"notes\[1\]: lacks the key 'string'"):
        parse_answer(json.dumps(COST | {"notes": notes}).encode(), "x")


def test_peak_memory_may_be_unknown() -> None:
    heard = parse_answer(json.dumps(COST | {"peak_mb": None, "notes": []}).encode(), "x")
    assert isinstance(heard, Heard)
    assert heard.peak_mb is None


def test_a_known_peer_is_run_by_its_own_python_with_our_worker() -> None:
    worker = str(Path(bench_worker.__file__))
    assert peer_system("basic-pitch", sys.executable).command == (sys.executable, "-I", worker, "basic-pitch")


def test_a_peer_that_is_not_there_is_told(tmp_path: Path) -> None:
    for name, program, message in (
        (
            "basic-pitch",
            str(tmp_path / "bin" / "python"),
            r"bin.python is no Python .*make bench installs it",
        ),
        ("mine", str(tmp_path / "mine.py"), r"mine\.py is no program"),
        ("fretscribe", sys.executable, "no peer of its own"),
    ):
        with pytest.raises(OptionError, match=message):
            peer_system(name, program)
    with pytest.raises(OptionError, match="fake cannot be started"):
        hear(System(name="fake", command=(str(tmp_path / "gone"),)), tmp_path / "a.wav")


def test_our_own_command_names_what_it_was_given(tmp_path: Path) -> None:
    plain = our_system(root=tmp_path).command
    assert plain[0] == sys.executable
    assert plain[-1] == "fretscribe"
    given = our_system(weights=Path("w"), folds=Path("f"), root=tmp_path).command[len(plain) :]
    assert given == (
        "--weights",
        str(Path("w").absolute()),
        "--folds",
        str(Path("f").absolute()),
        "--dataset",
        str(tmp_path),
    )


@pytest.mark.slow
def test_fretscribe_itself_answers_with_places(dataset: GuitarSet, home: Path) -> None:
    bench = run_bench(dataset, our_system(root=home), [], tracks=[TRACKS[1]])
    (info,), (row,) = bench.systems, bench.rows
    assert (info.name, info.fingering) == ("fretscribe", "own")
    assert row.notes.onset.f1 > 0.5
    assert row.cpu_s > 0
    assert row.peak_mb is None or row.peak_mb > 50
