"""Long runs whose disk fills up: what was finished stays, nothing is half there, and with room they go on."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from torch import nn

from fretscribe.cli.library_report import check_report, write_report
from fretscribe.errors import OutputError
from fretscribe.feedback.corrections import compare
from fretscribe.feedback.store import FeedbackStore
from fretscribe.pipeline import TranscribeOptions, Transcriber
from fretscribe.pipeline.library.items import list_items
from fretscribe.pipeline.library.journal import open_journal
from fretscribe.pipeline.library.run import Library, Outcome
from fretscribe.pipeline.library.work import Work
from fretscribe.result import Transcription
from fretscribe.training.checkpoints import save_checkpoint
from fretscribe.training.loop import Outcome as Trained
from fretscribe.training.loop import TabLoopSettings, Task, fit
from fretscribe.web.jobs import Job
from fretscribe.web.store import Store
from hostile_disk import little_room
from random_tabs import random_tab

pytestmark = pytest.mark.skipif(os.name == "nt", reason="limits the size of files as Unix does")


def large_result() -> Transcription:
    """Of a title that no compression makes small."""
    title = random.Random(0).randbytes(60_000).hex()  # noqa: S311 - not for secrets
    return Transcription(tab=replace(random_tab(0, n_beats=12), title=title))


# --- a batch ----------------------------------------------------------------------------------------------


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    folder = tmp_path / "songs"
    folder.mkdir()
    for name in ("a.wav", "b.wav", "c.wav"):
        soundfile.write(folder / name, 0.1 * np.random.default_rng(0).standard_normal(22050), 22050)
    return folder


def run_batch(songs: Path, out: Path, acoustic: Any, between: Callable[[], object]) -> list[Outcome]:
    """Outcomes in their order; ``between`` is called after each."""

    def told() -> Iterator[Outcome]:
        with open_journal(out) as journal:
            work = Work(
                options=TranscribeOptions(),
                formats=("txt", "html"),
                load=lambda weights: Transcriber(acoustic=acoustic),
            )
            library = Library(out=out, work=work, recipe="same", journal=journal)
            for outcome in library.run(list_items([songs]), None):
                yield outcome
                between()

    return list(told())


def test_a_batch_keeps_what_was_finished_and_goes_on(songs: Path, tmp_path: Path, acoustic: Any) -> None:
    out = tmp_path / "out"
    out.mkdir()
    full = little_room(200_000)  # less than a page, more than the journal
    first = run_batch(songs, out, acoustic, between=lambda: full.__enter__() if not full_now(out) else None)
    full.__exit__(None, None, None)
    assert [outcome.status for outcome in first] == ["written", "failed", "failed"]
    assert {outcome.exit_code for outcome in first} == {0, 4}
    assert "cannot write" in first[1].error
    page = (out / "a.html").read_bytes()
    assert page.rstrip().endswith(b"</html>")
    assert not [path.name for path in out.rglob("*.html") if path.name != "a.html"]
    again = run_batch(songs, out, acoustic, between=lambda: None)
    assert [outcome.status for outcome in again] == ["kept", "written", "written"]
    assert (out / "a.html").read_bytes() == page


def full_now(out: Path) -> bool:
    return (out / "b.tab.txt").exists()


def test_a_report_that_does_not_fit_leaves_the_one_before(tmp_path: Path) -> None:
    write_report(tmp_path, [], {})
    before = (tmp_path / "report.json").read_bytes()
    items = list_items([tmp_path / "a.wav"])
    with little_room(100), pytest.raises(OutputError, match="cannot write"):
        write_report(tmp_path, items, {})
    assert (tmp_path / "report.json").read_bytes() == before
    check_report(tmp_path, force=False)


# --- training ---------------------------------------------------------------------------------------------


def train(path: Path, *, stop: bool = False) -> Trained:
    torch.manual_seed(0)
    net = nn.Linear(2, 2)
    task = Task(
        name="toy",
        net=net,
        n_examples=8,
        loss=lambda net, batch, rng: net(torch.ones(1, 2)).square().sum(),
    )
    settings = TabLoopSettings(epochs=3, batch=2)
    return fit(task, settings, path, lambda _: None, stop_after_s=1e-9 if stop else 0.0)


def test_a_checkpoint_stays_and_training_goes_on_from_it(tmp_path: Path) -> None:
    whole = train(tmp_path / "whole.pt")
    path = tmp_path / "net.pt"
    assert train(path, stop=True).epoch == 1
    before = path.read_bytes()
    with little_room(1000), pytest.raises(OutputError, match="cannot write"):
        train(path)
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net.pt", "whole.pt"]
    resumed = train(path)
    assert resumed.finished
    assert torch.equal(resumed.net.weight, whole.net.weight)  # type: ignore[arg-type]


def test_a_network_that_does_not_fit_leaves_the_one_before(tmp_path: Path) -> None:
    from fretscribe.training.export import export_lstm, load_lstm_net, save_network
    from tab_networks import random_lstm

    net = random_lstm()
    save_network(net, net.config, tmp_path / "net.safetensors")
    export_lstm(net, tmp_path / "net.onnx")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with little_room(1000):
        with pytest.raises(OutputError, match="cannot write"):
            save_network(net, net.config, tmp_path / "net.safetensors")
        with pytest.raises(OutputError, match="cannot write"):
            export_lstm(net, tmp_path / "net.onnx")
        with pytest.raises(OutputError, match="cannot write"):
            save_checkpoint({"x": torch.zeros(10_000)}, tmp_path / "new.pt")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    load_lstm_net(tmp_path / "net.safetensors")


# --- what players own -------------------------------------------------------------------------------------


def test_feedback_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "f.sqlite3"
    played = Transcription(tab=random_tab(0, n_beats=12))
    small = compare(played, played)
    large = compare(large_result(), large_result())
    with FeedbackStore(path) as store:
        store.keep([small])
        with little_room(path.stat().st_size + 8192), pytest.raises(OutputError, match="cannot use"):
            store.keep([replace(small, key="new"), large])
        assert [recording.key for recording in store.recordings()] == [small.key]
        store.keep([replace(large, key="large")])
    with FeedbackStore(path) as store:
        assert store.recordings() == [small, replace(large, key="large")]


def test_a_result_that_does_not_fit_is_heard_again_later(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite3"
    job = Job(id="a", name="a.wav", path=tmp_path / "a.wav", uploaded=False, options=TranscribeOptions())
    with Store(path) as store:
        store.add(job)
        store.change("a", "queued", "running")
        with little_room(path.stat().st_size + 8192):
            with pytest.raises(OutputError, match="make room"):
                store.finish("a", large_result())
            assert store.job("a").state == "running"
    with Store(path) as store:
        (waiting,) = store.queue_again()
        store.change(waiting.id, "queued", "running")
        store.finish(waiting.id, large_result())
        assert store.tab("a").result == large_result()


def test_the_studio_tells_of_it_and_goes_on(tmp_path: Path) -> None:
    pytest.importorskip("starlette", reason="the extra 'studio' is not installed")
    from studio_visit import open_visit

    song = tmp_path / "song.wav"
    soundfile.write(song, 0.1 * np.random.default_rng(0).standard_normal(2205), 22050)
    results = [large_result(), Transcription(tab=random_tab(0, n_beats=4))]

    def hear(source: Path, options: Any, **told: Any) -> Transcription:
        return results.pop(0)

    with open_visit(tmp_path / "studio", hear) as visit:
        with little_room(60_000):
            failed = visit.upload(song).json()["id"]
            events = visit.get(f"api/jobs/{failed}/events").text
        assert '"state": "failed"' in events
        assert "make room" in events
        assert visit.heard(song)
        assert visit.faults == []
