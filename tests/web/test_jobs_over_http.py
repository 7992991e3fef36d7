"""Recordings come in, are heard one after the other, are never lost; who has no business here gets 403."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from fretscribe.errors import OutputError
from fretscribe.pipeline import TranscribeOptions, Transcriber
from studio_visit import hear_riff, open_visit


def events_of(text: str) -> list[dict[str, Any]]:
    """The data of server-sent events, their numbers checked."""
    blocks = [block.splitlines() for block in text.strip().split("\n\n")]
    numbers = [int(block[0].removeprefix("id: ")) for block in blocks]
    assert numbers == list(range(1, len(blocks) + 1))
    return [json.loads(block[1].removeprefix("data: ")) for block in blocks]


class Held:
    """A pipeline that waits until it may go on."""

    def __init__(self, transcribe: Any) -> None:
        self.transcribe = transcribe
        self.started, self.go_on = threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self, source: Path, options: Any, *, progress: Any = None, watch: Any = None) -> Any:
        self.started.release()
        self.go_on.acquire(timeout=20)
        return self.transcribe(source, options, progress=progress, watch=watch)


@pytest.fixture
def held() -> Held:
    return Held(hear_riff)


def test_without_the_token_everything_is_forbidden(visit: Any) -> None:
    for token in ("wrong/", "", visit.token[:-1] + "/", visit.token + "x/", "ä" * 9, "%00/", "//"):
        for path in ("", "api/jobs", "static/page.css", "jobs/x"):
            answer = visit.client.get(f"/{token}{path}")
            assert (answer.status_code, answer.text) == (403, "Forbidden"), token


def test_a_name_that_was_made_to_point_here_is_forbidden(visit: Any) -> None:
    for host in ("evil.example", "127.0.0.1:8001", "127.0.0.1", "evil.example:8000", ""):
        assert visit.get("api/jobs", headers={"host": host}).status_code == 403, host


def test_pages_of_other_sites_are_forbidden(visit: Any, recording: Path) -> None:
    more = {"params": {"name": "x.wav"}, "content": recording.read_bytes()}
    assert visit.post("api/jobs", headers={"origin": "http://evil.example"}, **more).status_code == 403
    assert visit.post("api/jobs", headers={"origin": "null"}, **more).status_code == 403
    assert visit.get("api/jobs").json() == {"jobs": []}
    assert visit.post("api/jobs", headers={"origin": "http://127.0.0.1:8000"}, **more).status_code == 201


def test_every_answer_has_the_policy_and_nobody_else_may_read_it(visit: Any) -> None:
    for answer in (visit.get(""), visit.get("api/jobs"), visit.client.get("/wrong/")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "http" not in policy
        assert "unsafe-eval" not in policy
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


def test_a_recording_becomes_a_tab_and_its_progress_is_told_in_order(tmp_path: Path, acoustic: Any) -> None:
    recording = tmp_path / "song.wav"
    soundfile.write(recording, 0.1 * np.random.default_rng(0).standard_normal(5 * 22050), 22050)
    with open_visit(tmp_path / "studio", Transcriber(acoustic=acoustic)) as visit:
        job = visit.upload(recording)
        assert job.status_code == 201
        told = events_of(visit.get(f"api/jobs/{job.json()['id']}/events").text)
        assert visit.get(f"api/jobs/{job.json()['id']}").json() == told[-1]
        tab = visit.get(f"api/jobs/{job.json()['id']}/tab").json()
    assert (tab["title"], len(tab["notes"])) == ("song", 9)
    assert told[0]["state"] == "queued"
    assert told[-1]["state"] == "done"
    stages = list(dict.fromkeys(t["stage"] for t in told if t["state"] == "running"))
    assert stages == ["starting", "reading", "listening", "fingering", "hearing techniques", "engraving"]
    shares = [t["share"] for t in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_page_that_comes_back_hears_what_it_missed(visit: Any, recording: Path) -> None:
    job = visit.heard(recording)
    everything = visit.get(f"api/jobs/{job}/events").text
    rest = visit.get(f"api/jobs/{job}/events", headers={"last-event-id": "2"}).text
    assert everything.endswith(rest)
    assert rest.startswith("id: 3\n")
    last = everything.count("id: ")
    assert visit.get(f"api/jobs/{job}/events", headers={"last-event-id": str(last)}).status_code == 204


def test_a_path_is_read_where_it_lies(visit: Any, recording: Path) -> None:
    options = {"capo": 2, "separate": "off"}
    job = visit.post("api/jobs", json={"path": f'  "{recording}" ', "options": options}).json()["id"]
    assert visit.studio.store.job(job).options == TranscribeOptions(capo=2, separate="off")
    visit.get(f"api/jobs/{job}/events")
    assert len(visit.get(f"api/jobs/{job}/tab").json()["notes"]) == 9
    assert visit.delete(f"api/jobs/{job}").status_code == 204
    assert recording.exists()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"path": "song.wav"}, "is no whole path"),
        ({"path": "/nowhere/song.wav"}, "does not exist"),
        ({"path": "/"}, "is a folder"),
        ({"path": "/\0"}, "is no whole path"),
        ({"path": 5}, "path: must be a string"),
        ({"path": "/x", "options": {"tunning": "drop D"}}, "unknown key 'tunning'"),
        ({"path": "/x", "options": {"capo": 99}}, "capo"),
        ({}, "lacks the key 'path'"),
        ([], "must be an object"),
    ],
)
def test_paths_that_cannot_be_read_are_refused(visit: Any, body: object, message: str) -> None:
    answer = visit.post("api/jobs", json=body)
    assert answer.status_code == 422
    assert message in f"{answer.json()['error']} {answer.json()['mend']}"
    assert visit.get("api/jobs").json() == {"jobs": []}


def test_a_path_with_half_a_letter_is_refused(visit: Any) -> None:
    body = b'{"path": "/\\ud800.wav"}'
    answer = visit.post("api/jobs", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../../etc/cron.d/evil.wav", "evil.wav"),
        ("..\\..\\evil.wav", "evil.wav"),
        ("/abs.wav", "abs.wav"),
        ("Für Élise.wav", "Für Élise.wav"),
        ("a\nb<script>.wav", "a_b_script_.wav"),
        ("CON.wav", "recording"),
        ("", "recording"),
        ("x" * 500 + ".wav", "x" * 116 + ".wav"),
    ],
)
def test_no_name_leaves_the_jobs_folder(visit: Any, recording: Path, name: str, kept: str) -> None:
    answer = visit.upload(recording, name)
    assert answer.json()["name"] == kept
    folder = visit.studio.folder.of_job(answer.json()["id"])
    assert (folder / "recording" / kept).is_file()


@pytest.mark.parametrize("path", ["static/../guard.py", "static/%2e%2e%2fguard.py", "static/guard.py"])
def test_only_the_pages_own_files_are_handed_out(visit: Any, path: str) -> None:
    assert visit.get(path).status_code in (403, 404)


@pytest.mark.parametrize("declared", [True, False])
def test_what_is_too_large_is_refused_while_it_comes_in(
    tmp_path: Path, recording: Path, declared: bool
) -> None:
    data = recording.read_bytes()
    with open_visit(tmp_path / "studio", max_upload_bytes=40_000) as visit:
        content = data if declared else iter([data[:30_000], data[30_000:]])
        answer = visit.post("api/jobs", params={"name": "song.wav"}, content=content)
        assert answer.status_code == 413
        assert "larger than 0.04 MB" in answer.json()["error"]
        assert list(visit.studio.folder.jobs.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no sound at all" * 99, b"RIFF" + bytes(60), b"\x7fELF" * 50])
def test_what_is_no_sound_is_refused_by_its_name(visit: Any, content: bytes) -> None:
    answer = visit.post("api/jobs", params={"name": "song.wav"}, content=content)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("song.wav ")
    assert str(visit.studio.folder.root) not in answer.text
    assert list(visit.studio.folder.jobs.iterdir()) == []
    assert visit.get("api/jobs").json() == {"jobs": []}


def test_a_recording_that_breaks_while_it_is_heard_fails_with_a_reason(visit: Any, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    samples = np.zeros(50_000, dtype=np.float32)
    samples[40_000] = np.nan
    soundfile.write(broken, samples, 22050, subtype="FLOAT")
    job = visit.upload(broken).json()["id"]
    last = events_of(visit.get(f"api/jobs/{job}/events").text)[-1]
    assert last["state"] == "failed"
    assert last["message"].startswith("broken.wav has a sample at 1.814 s that is not a number")
    assert visit.get(f"api/jobs/{job}/tab").status_code == 404


def test_a_fault_of_the_program_ends_its_job_alone(tmp_path: Path, recording: Path, capsys: Any) -> None:
    def faulty(source: Path, options: Any, *, progress: Any = None, watch: Any = None) -> Any:
        if source.name == "bad.wav":
            raise ZeroDivisionError("a bug")
        return hear_riff(source, options, progress=progress, watch=watch)

    with open_visit(tmp_path / "studio", faulty) as visit:
        bad = visit.upload(recording, "bad.wav").json()["id"]
        last = events_of(visit.get(f"api/jobs/{bad}/events").text)[-1]
        assert (last["state"], last["message"]) == (
            "failed",
            "fretscribe has a fault: ZeroDivisionError: a bug",
        )
        assert visit.heard(recording)
    assert [str(fault) for fault in visit.faults] == ["a bug"]


def test_two_at_once_are_heard_one_after_the_other(tmp_path: Path, recording: Path, held: Held) -> None:
    with open_visit(tmp_path / "studio", held) as visit:
        answers: list[Any] = []
        senders = [threading.Thread(target=lambda: answers.append(visit.upload(recording))) for _ in range(2)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        assert held.started.acquire(timeout=20)
        states = [job["state"] for job in visit.get("api/jobs").json()["jobs"]]
        assert sorted(states) == ["queued", "running"]
        held.go_on.release(2)
        for answer in answers:
            assert events_of(visit.get(f"api/jobs/{answer.json()['id']}/events").text)[-1]["state"] == "done"


def test_jobs_are_cancelled_whether_they_run_or_wait(tmp_path: Path, recording: Path, held: Held) -> None:
    with open_visit(tmp_path / "studio", held) as visit:
        running, waiting = (visit.upload(recording).json()["id"] for _ in range(2))
        assert held.started.acquire(timeout=20)
        assert visit.delete(f"api/jobs/{running}").status_code == 409
        assert visit.post(f"api/jobs/{waiting}/cancel").json()["state"] == "cancelled"
        assert visit.post(f"api/jobs/{running}/cancel").json()["state"] == "running"
        held.go_on.release(2)
        assert events_of(visit.get(f"api/jobs/{running}/events").text)[-1]["state"] == "cancelled"
        third = visit.heard(recording)
        assert [j["state"] for j in visit.get("api/jobs").json()["jobs"]] == [
            "cancelled",
            "cancelled",
            "done",
        ]
        assert visit.post(f"api/jobs/{third}/cancel").json()["state"] == "done"


def test_a_deleted_job_leaves_nothing_behind(visit: Any, recording: Path) -> None:
    job = visit.heard(recording)
    assert visit.delete(f"api/jobs/{job}").status_code == 204
    assert list(visit.studio.folder.jobs.iterdir()) == []
    for path in (f"api/jobs/{job}", f"api/jobs/{job}/tab", f"api/jobs/{job}/events", f"jobs/{job}"):
        assert visit.get(path).status_code == 404
    assert visit.delete(f"api/jobs/{job}").status_code == 404


def test_a_new_studio_takes_up_what_the_old_one_left(tmp_path: Path, recording: Path, held: Held) -> None:
    folder = tmp_path / "studio"
    with open_visit(folder) as visit:
        done = visit.heard(recording)
    with open_visit(folder, held) as visit:
        running, waiting = (visit.upload(recording).json()["id"] for _ in range(2))
        assert held.started.acquire(timeout=20)
        (visit.studio.folder.jobs / "an upload that broke off").mkdir()
        held.go_on.release()  # it stops where it next says how far it is
        visit.studio.queue.__exit__()
    with open_visit(folder) as visit:
        assert sorted(p.name for p in visit.studio.folder.jobs.iterdir()) == sorted([done, running, waiting])
        for job in (done, running, waiting):
            assert events_of(visit.get(f"api/jobs/{job}/events").text)[-1]["state"] == "done"
            assert len(visit.get(f"api/jobs/{job}/tab").json()["notes"]) == 9


def test_one_folder_has_one_studio(tmp_path: Path) -> None:
    second = open_visit(tmp_path / "studio")
    with open_visit(tmp_path / "studio"), pytest.raises(OutputError, match="another studio has"):
        second.__enter__()


def test_a_file_where_the_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "studio").write_text("x")
    with pytest.raises(OutputError, match="cannot keep songs in"), open_visit(tmp_path / "studio"):
        pass
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "studio.sqlite3").write_text("this is no database, whatever its name may be" * 99)
    with pytest.raises(OutputError, match="move it away"), open_visit(tmp_path / "other"):
        pass
