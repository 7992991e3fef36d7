"""A real scheduler with workers in processes of their own: work, failures, deaths, and what runs on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster_jobs import DEADLY, halve_or_die
from dask_cluster import DaskCluster, dask_cluster
from fretscribe.cli.__main__ import run
from fretscribe.cli.evaluate import evaluate_root
from fretscribe.cli.library import load_with_one_thread
from fretscribe.datasets.array_options import ArrayOptions
from fretscribe.datasets.guitarset_arrays import build
from fretscribe.datasets.noise_file import built_in_confusions
from fretscribe.datasets.synthetic_set import SynthOptions, render_set
from fretscribe.errors import AudioError, OptionError, WorkerError
from fretscribe.workers.cluster import cluster
from fretscribe.workers.pool import as_finished, far_workers, in_order


@pytest.mark.parametrize(
    "address", ["there", "tcp://there", "tcp://there:x", "http://there:80", "tcp://:8786"]
)
def test_what_is_no_address_is_told_at_once(address: str) -> None:
    with pytest.raises(OptionError, match="no scheduler's address"), cluster(address):
        pass


@pytest.mark.parametrize("rest", [["--protocol", "harmony"], ["est.json"]])
def test_only_what_is_a_map_over_recordings_takes_a_scheduler(
    rest: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", "ref.json", *rest, "--scheduler", "tcp://there:1"]) == 2
    assert "--scheduler" in capsys.readouterr().err


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """Three workers; the scheduler gives up at once on what kills one of them."""
    with dask_cluster(tmp_path_factory.mktemp("cluster"), n_workers=3, allowed_failures=0) as started:
        yield started


@pytest.mark.slow  # starts processes
def test_what_is_rendered_turned_into_arrays_and_judged_on_a_cluster_is_what_one_process_makes(
    running: DaskCluster, tmp_path: Path
) -> None:
    options, noise = SynthOptions(minutes=0.2, seed=1, track_s=6.0), built_in_confusions()
    render_set(tmp_path / "one", options, noise=noise)
    build(tmp_path / "one", tmp_path / "arrays one", ArrayOptions(timesteps=50))
    with far_workers(1, running.address) as executor:
        render_set(tmp_path / "far", options, noise=noise, executor=executor)
        build(tmp_path / "one", tmp_path / "arrays far", ArrayOptions(timesteps=50), executor=executor)
    for kind in ("", "arrays "):
        alone, far = tmp_path / f"{kind}one", tmp_path / f"{kind}far"
        names = [path.relative_to(alone) for path in alone.rglob("*") if path.is_file()]
        assert names
        assert all((alone / name).read_bytes() == (far / name).read_bytes() for name in names)
    here = evaluate_root(tmp_path / "one", load=load_with_one_thread, quiet=True)
    there = evaluate_root(tmp_path / "one", load=load_with_one_thread, scheduler=running.address, quiet=True)
    assert [row.track_id for row in there.rows] == [row.track_id for row in here.rows]
    assert [row.scores for row in there.rows] == [row.scores for row in here.rows]


@pytest.mark.slow  # the last one: it kills a worker
def test_a_deadly_item_is_given_up_and_the_others_are_done(running: DaskCluster) -> None:
    others = [number for number in range(20) if number != DEADLY]
    with far_workers(1, running.address) as executor:
        assert list(in_order(abs, [-3, 2, -1], executor)) == [3, 2, 1]
        results = dict(as_finished(halve_or_die, {number: number for number in others}, executor))
        ((_, deadly),) = as_finished(halve_or_die, {DEADLY: DEADLY}, executor)
        again = dict(as_finished(halve_or_die, {number: number for number in others}, executor))
    assert sorted(results) == others
    assert all(results[number] == again[number] == number // 2 for number in others if number % 2 == 0)
    assert {type(results[number]) for number in others if number % 2} == {AudioError}
    assert str(results[7]) == str(again[7]) == "7 is odd (double it)"
    assert isinstance(deadly, WorkerError)
    assert "workers of the cluster died of it" in str(deadly)
    assert [worker.poll() for worker in running.workers].count(None) == 2
