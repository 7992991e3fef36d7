"""A library gone through in this process, with a scripted model: what is done, kept, refused and resumed."""

from __future__ import annotations

import os
import pickle
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from fretscribe.errors import OutputError
from fretscribe.frames import Audio, StringRoll
from fretscribe.io.formats import read_tab
from fretscribe.pipeline import TranscribeOptions, Transcriber, load_transcriber
from fretscribe.pipeline.library.items import list_items
from fretscribe.pipeline.library.journal import FILE_NAME, open_journal
from fretscribe.pipeline.library.run import Library, Outcome
from fretscribe.pipeline.library.work import Work
from fretscribe.symbolic.habits import Habits

RATE = 22050


class Counting:
    """A scripted model that counts what it hears, and can be told to do something first."""

    def __init__(self, acoustic: Any) -> None:
        self.transcriber = Transcriber(acoustic=self)
        self.acoustic = acoustic
        self.n_heard = 0
        self.before: Callable[[], object] = lambda: None

    name, sha256, sample_rate = "scripted", "0" * 64, RATE

    def load(self, weights: Path | None) -> Transcriber:
        return self.transcriber

    def __call__(self, audio: Audio, *, progress: Callable[[float], None] | None = None) -> StringRoll:
        self.before()
        self.n_heard += 1
        roll: StringRoll = self.acoustic(audio, progress=progress)
        return roll


@pytest.fixture
def model(acoustic: Any) -> Counting:
    return Counting(acoustic)


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    """Three recordings and a broken one."""
    folder = tmp_path / "songs"
    (folder / "album").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in ("a.wav", "album/b.wav", "album/c d.flac"):
        soundfile.write(folder / name, 0.1 * rng.standard_normal(RATE), RATE)
    (folder / "broken.wav").write_text("no sound")
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@contextmanager
def library(out: Path, model: Counting, *, force: bool = False, **options: Any) -> Iterator[Library]:
    work = Work(options=TranscribeOptions(**options), formats=("txt", "json"), load=model.load)
    with open_journal(out) as journal:
        yield Library(out=out, work=work, recipe=work.recipe(), journal=journal, force=force)


def go(songs: Path, out: Path, model: Counting, **options: Any) -> dict[str, Outcome]:
    """Outcomes by place."""
    with library(out, model, **options) as lib:
        return {outcome.item.place: outcome for outcome in lib.run(list_items([songs]), None)}


def statuses(outcomes: dict[str, Outcome]) -> str:
    return " ".join(outcomes[place].status for place in ("a", "album/b", "album/c d", "broken"))


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {FILE_NAME}


def test_a_failing_file_does_not_stop_the_others(songs: Path, out: Path, model: Counting) -> None:
    outcomes = go(songs, out, model)
    assert statuses(outcomes) == "written written written failed"
    assert files_in(out) == {
        f"{place}{suffix}" for place in ("a", "album/b", "album/c d") for suffix in (".tab.txt", ".json")
    }
    assert "is not audio" in outcomes["broken"].error
    assert outcomes["broken"].exit_code == 3
    summary = outcomes["a"].summary
    assert summary is not None
    assert (summary.duration_s, summary.tuning) == (1.0, "standard")
    assert summary.n_notes == len(read_tab(out / "a.json").tab.notes) > 0


def test_what_is_done_is_kept_and_what_changed_is_done_again(songs: Path, out: Path, model: Counting) -> None:
    first = go(songs, out, model)
    again = go(songs, out, model)
    assert statuses(again) == "kept kept kept failed"
    assert again["a"].summary == first["a"].summary
    assert model.n_heard == 3
    soundfile.write(songs / "a.wav", np.zeros(RATE), RATE)
    (out / "album" / "b.json").unlink()
    assert statuses(go(songs, out, model)) == "written written kept failed"
    assert read_tab(out / "a.json").tab.notes == ()
    assert statuses(go(songs, out, model, capo=2)) == "written written written failed"
    assert read_tab(out / "album" / "b.json").tab.tuning.capo == 2
    assert statuses(go(songs, out, model, capo=2, force=True)) == "written written written failed"


def test_what_a_player_mended_is_kept_and_never_overwritten(songs: Path, out: Path, model: Counting) -> None:
    go(songs, out, model)
    (out / "a.tab.txt").write_text("mended by hand")
    assert go(songs, out, model)["a"].status == "kept"
    refused = go(songs, out, model, capo=1)["a"]
    assert (refused.status, refused.exit_code) == ("failed", 4)
    assert "was changed since" in refused.error
    assert (out / "a.tab.txt").read_text() == "mended by hand"
    assert go(songs, out, model, capo=1, force=True)["a"].status == "written"


def test_files_of_others_are_not_overwritten(songs: Path, out: Path, model: Counting) -> None:
    (out / "a.json").write_text("mine")
    (out / "album" / "b.tab.txt").mkdir(parents=True)
    assert statuses(go(songs, out, model)) == "failed failed written failed"
    assert (out / "a.json").read_text() == "mine"
    assert model.n_heard == 1, "told before any work is done"


def test_a_file_that_appears_meanwhile_is_not_overwritten(songs: Path, out: Path, model: Counting) -> None:
    model.before = lambda: (out / "a.json").write_text("mine") if model.n_heard == 0 else None
    assert go(songs, out, model)["a"].status == "failed"
    assert (out / "a.json").read_text() == "mine"


def test_a_run_that_ends_between_two_files_is_resumed(songs: Path, out: Path, model: Counting) -> None:
    (out / "album").mkdir()
    with library(out, model) as lib:
        items = list_items([songs / "a.wav"])
        (result,) = (lib.work(item.source) for item in items)
        halting = replace(lib, journal=HaltsAtTheEnd(lib.journal))
        with pytest.raises(KeyboardInterrupt):
            halting._write(items[0], result)
    assert files_in(out) == {"a.tab.txt", "a.json"}
    assert statuses(go(songs, out, model)) == "written written written failed"
    go(songs, out, model, capo=3)
    assert read_tab(out / "a.json").tab.tuning.capo == 3


class HaltsAtTheEnd:
    """A journal whose process is killed before the second entry of an item."""

    def __init__(self, journal: Any) -> None:
        self._journal = journal
        self.get = journal.get

    def put(self, place: str, entry: Any) -> None:
        if entry.done:
            raise KeyboardInterrupt
        self._journal.put(place, entry)


def test_an_interrupted_run_keeps_what_was_finished(songs: Path, out: Path, model: Counting) -> None:
    def interrupt() -> None:
        if model.n_heard == 2:
            raise KeyboardInterrupt

    model.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        go(songs, out, model)
    assert files_in(out) == {"a.tab.txt", "a.json", "album/b.tab.txt", "album/b.json"}
    model.before = lambda: None
    assert statuses(go(songs, out, model)) == "kept kept written failed"


def test_recordings_that_want_one_place(songs: Path, out: Path, model: Counting) -> None:
    soundfile.write(songs / "album" / "a.wav", np.zeros(RATE), RATE)
    with library(out, model) as lib:
        items = list_items([songs / "a.wav", songs / "album" / "a.wav"])
        outcomes = list(lib.run(items, None))
    assert [outcome.status for outcome in outcomes] == ["failed", "written"]
    assert "would become a.wav as" in outcomes[0].error


@pytest.mark.skipif(os.name == "nt", reason="names there are text")
def test_a_name_that_is_no_text(songs: Path, out: Path, model: Counting) -> None:
    odd = Path(os.fsdecode(os.fsencode(songs) + b"/\xff.wav"))
    try:
        (songs / "a.wav").rename(odd)
    except OSError:
        pytest.skip("this file system wants names to be text")
    place = os.fsdecode(b"\xff")
    outcomes = go(songs, out, model)
    assert "name is not text" in outcomes[place].error
    assert outcomes["album/b"].status == "written"


def test_one_batch_at_a_time_in_a_folder(out: Path, model: Counting) -> None:
    refused = pytest.raises(OutputError, match="another batch is writing into")
    with library(out, model), refused, open_journal(out):
        pass
    with library(out, model):
        pass


def test_a_journal_of_somebody_else(out: Path) -> None:
    with closing(sqlite3.connect(out / FILE_NAME)) as db:
        db.execute("PRAGMA user_version = 9")
    with pytest.raises(OutputError, match="later fretscribe"), open_journal(out):
        pass
    (out / FILE_NAME).write_text("no database" * 100)
    with pytest.raises(OutputError, match="is broken"), open_journal(out):
        pass
    with pytest.raises(OutputError, match="cannot keep"), open_journal(out / "nowhere"):
        pass


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("summary", "[" * 100_000),
        ("summary", "null"),
        ("summary", '{"n_notes": 3}'),
        ("files", "[1]"),
        ("files", "{"),
        ("files", b"\xff"),
        ("recipe", b"\xff\xfe"),
    ],
)
def test_a_journal_that_was_changed(
    column: str, value: str | bytes, songs: Path, out: Path, model: Counting
) -> None:
    go(songs, out, model)
    with closing(sqlite3.connect(out / FILE_NAME)) as db, db:
        change = f"UPDATE items SET {column} = CAST(? AS TEXT) WHERE place = ?"  # noqa: S608 - ours
        db.execute(change, (value, b"a"))
    outcomes = go(songs, out, model)
    assert statuses(outcomes) == "failed kept kept failed"
    assert FILE_NAME in outcomes["a"].error
    assert outcomes["a"].exit_code == 4


def test_other_networks_elsewhere_are_no_silent_matter(songs: Path, model: Counting) -> None:
    work = Work(options=TranscribeOptions(), formats=("json",), load=model.load, networks={"scripted": "1"})
    with pytest.raises(Exception, match="has other weights"):
        work(songs / "a.wav")
    same = replace(work, networks={"scripted": "0" * 64})
    assert same(songs / "a.wav").summary.n_notes > 0
    assert same.recipe() != work.recipe()


def test_work_travels_with_the_habits_of_a_player() -> None:
    habits = Habits(played={(40, 3): 2.0}, expected={(40, 3): 1.0}, n_notes=2, n_recordings=1)
    work = Work(options=TranscribeOptions(), formats=("json",), load=load_transcriber, habits=habits)
    there = pickle.loads(pickle.dumps(work))  # noqa: S301 - made on this line
    assert there == work
    assert there.recipe() == work.recipe() != replace(work, habits=None).recipe()
