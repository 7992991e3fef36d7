"""A tab is edited over HTTP: what comes back, what is remembered, and what the files then hold."""

from __future__ import annotations

import base64
import io
import urllib.parse
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from fretscribe.feedback.store import FeedbackStore
from fretscribe.io.formats import READABLE, WRITABLE, read_tab, suffix_of
from fretscribe.music import Position
from studio_visit import open_visit

FORMATS = sorted(set(WRITABLE) - {"pdf"})
"""A PDF needs another program."""


@pytest.fixture
def job(visit: Any, recording: Path) -> str:
    return str(visit.heard(recording))


def state_of(visit: Any, job: str) -> int:
    return int(visit.get(f"api/jobs/{job}/tab").json()["editing"]["state"])


def edit(visit: Any, job: str, **what: object) -> Any:
    return visit.post(f"api/jobs/{job}/edits", json={"state": state_of(visit, job), "edit": what})


def places(page: dict[str, Any]) -> list[tuple[int, int]]:
    return [(note["string"], note["fret"]) for note in page["notes"]]


def test_the_page_knows_the_tab_and_its_recording(visit: Any, job: str) -> None:
    page = visit.get(f"api/jobs/{job}/tab").json()
    assert len(page["notes"]) == len(page["editing"]["beats"]) == 9
    assert {page["editing"][name] for name in ("state", "last")} == {0}
    assert {f["name"] for f in page["editing"]["formats"]} | {"pdf"} == set(WRITABLE)
    assert page["alphatex"].startswith("\\")
    assert page["recording"]["duration_s"] == 1.0
    assert len(base64.b64decode(page["recording"]["outline"])) == 2400
    assert page["recording_lack"] == ""


def test_the_recording_is_played_as_mp3(visit: Any, job: str, tmp_path: Path) -> None:
    answer = visit.get(f"api/jobs/{job}/recording")
    assert answer.headers["content-type"] == "audio/mpeg"
    (tmp_path / "sound.mp3").write_bytes(answer.content)
    samples, rate = soundfile.read(tmp_path / "sound.mp3")
    assert len(samples) / rate == pytest.approx(1.0, abs=0.1)
    assert np.abs(samples).max() > 0.1


def test_a_recording_that_somebody_deleted_is_told(visit: Any, job: str) -> None:
    visit.studio.folder.remove_job(job)
    page = visit.get(f"api/jobs/{job}/tab").json()
    assert (page["recording"], page["recording_lack"]) == (None, "it was deleted")
    assert visit.get(f"api/jobs/{job}/recording").status_code == 404


def test_an_edit_is_undone_and_redone(visit: Any, job: str) -> None:
    first = visit.get(f"api/jobs/{job}/tab").json()
    note = next(i for i, n in enumerate(first["notes"]) if n["pitch"] == 52)
    changed = edit(visit, job, kind="place", note=note, string=1, fret=7).json()
    assert places(changed)[note] == (1, 7)
    assert changed["notes"][note]["confidence"] == 1.0
    assert (changed["editing"]["state"], changed["editing"]["last"]) == (1, 1)
    undone = visit.post(f"api/jobs/{job}/undo", json={"state": 1}).json()
    assert undone | {"editing": None} == first | {"editing": None}
    assert (undone["editing"]["state"], undone["editing"]["last"]) == (0, 1)
    redone = visit.post(f"api/jobs/{job}/redo", json={"state": 0}).json()
    assert redone == changed
    assert visit.post(f"api/jobs/{job}/redo", json={"state": 1}).json() == changed
    assert visit.get(f"api/jobs/{job}/tab", params={"state": 0}).json()["notes"] == first["notes"]


def test_every_kind_of_edit_is_there(visit: Any, job: str) -> None:
    assert len(edit(visit, job, kind="delete", note=0).json()["notes"]) == 8
    added = edit(visit, job, kind="add", string=5, fret=3, onset_beats="8", duration_beats="1/2").json()
    assert (5, 3) in places(added)
    last = len(added["notes"]) - 1
    assert edit(visit, job, kind="techniques", note=last, techniques=["vibrato"]).json()["notes"][last][
        "techniques"
    ] == ["vibrato"]
    moved = edit(visit, job, kind="shift", note=0, beats="-1/2").json()
    assert moved["notes"][0]["start_s"] < added["notes"][0]["start_s"]
    capo = edit(visit, job, kind="retab", capo=1, bpm=90.0).json()
    assert capo["tuning"]["capo"] == 1
    assert capo["tempo_bpm"] == pytest.approx(90.0, rel=0.05)
    assert capo["editing"]["state"] == 5
    bar_s = capo["notes"][3]["start_s"]
    barred = edit(visit, job, kind="retab", downbeat_s=bar_s).json()
    assert barred["tempo_bpm"] == pytest.approx(capo["tempo_bpm"])
    bars_s = [barred["beats_s"][bar] for bar in barred["bars"] if 0 <= bar < len(barred["beats_s"])]
    assert min(abs(begins_s - bar_s) for begins_s in bars_s) < 0.1


def test_an_edit_after_an_undo_takes_its_place(visit: Any, job: str) -> None:
    edit(visit, job, kind="delete", note=0)
    edit(visit, job, kind="delete", note=0)
    visit.post(f"api/jobs/{job}/undo", json={"state": 2})
    page = edit(visit, job, kind="delete", note=3).json()
    assert (page["editing"]["state"], page["editing"]["last"]) == (2, 2)
    assert visit.studio.store.tab(job).edit == '{"kind": "delete", "note": 3}'


def test_a_capo_is_tried_without_losing_notes_to_it(visit: Any, job: str) -> None:
    edit(visit, job, kind="delete", note=1)
    before = visit.get(f"api/jobs/{job}/tab").json()
    fewer = edit(visit, job, kind="retab", capo=4).json()
    assert len(fewer["notes"]) < len(before["notes"])
    assert any("left out" in warning for warning in fewer["warnings"])
    edit(visit, job, kind="retab", bpm=100.0)
    again = edit(visit, job, kind="retab", capo=0).json()
    assert [n["pitch"] for n in again["notes"]] == [n["pitch"] for n in before["notes"]]
    assert again["tempo_bpm"] == pytest.approx(100.0, rel=0.05)
    assert again["warnings"] == []
    assert again["editing"]["state"] == 4
    edit(visit, job, kind="retab", capo=4)
    edit(visit, job, kind="delete", note=0)
    last = edit(visit, job, kind="retab", capo=0).json()
    assert len(last["notes"]) == len(fewer["notes"]) - 1, "an edit in between is not gone over"


def test_a_window_that_is_behind_is_told(visit: Any, job: str) -> None:
    edit(visit, job, kind="delete", note=0)
    late = visit.post(f"api/jobs/{job}/edits", json={"state": 0, "edit": {"kind": "delete", "note": 0}})
    assert late.status_code == 409
    assert "changed elsewhere" in late.json()["error"]
    assert visit.post(f"api/jobs/{job}/undo", json={"state": 0}).status_code == 409
    assert len(visit.get(f"api/jobs/{job}/tab").json()["notes"]) == 8


def test_what_cannot_be_done_changes_nothing(visit: Any, job: str) -> None:
    before = visit.get(f"api/jobs/{job}/tab").json()
    for wrong in (
        {"kind": "place", "note": 99, "string": 1, "fret": 2},
        {"kind": "retab", "tuning": "banjo of my uncle"},
        {"kind": "add", "string": 0, "fret": 0, "onset_beats": "99999999", "duration_beats": "1"},
        {"kind": "nothing"},
    ):
        answer = edit(visit, job, **wrong)
        assert answer.status_code == 422
        assert answer.json()["error"]
    assert visit.post(f"api/jobs/{job}/edits", content=b"{" * 2000).status_code == 422
    assert visit.post(f"api/jobs/{job}/edits", content=b" " * 200_000).status_code == 413
    assert visit.post(f"api/jobs/{job}/edits", json={"state": 0}).status_code == 422
    assert visit.get(f"api/jobs/{job}/tab").json() == before


def test_a_note_tells_where_it_may_have_been_played(visit: Any, job: str) -> None:
    page = visit.get(f"api/jobs/{job}/tab").json()
    note = next(i for i, n in enumerate(page["notes"]) if n["pitch"] == 55)
    told = visit.get(f"api/jobs/{job}/notes/{note}/positions").json()
    assert {(p["string"], p["fret"]) for p in told["positions"]} == {(0, 15), (1, 10), (2, 5), (3, 0)}
    shares = [p["p"] or 0.0 for p in told["positions"]]
    assert shares == sorted(shares, reverse=True)
    assert 0.9 < sum(shares) <= 1.01
    assert visit.get(f"api/jobs/{job}/notes/99/positions").status_code == 422


def test_mends_are_learned_and_kept_here(visit: Any, job: str) -> None:
    note = next(i for i, n in enumerate(visit.get(f"api/jobs/{job}/tab").json()["notes"]) if n["pitch"] == 52)
    nothing = visit.post(f"api/jobs/{job}/learn", json={"state": 0, "all_seen": False})
    assert (nothing.status_code, "nothing was changed" in nothing.json()["error"]) == (422, True)
    edit(visit, job, kind="place", note=note, string=1, fret=7)
    edit(visit, job, kind="delete", note=0)
    changed = visit.post(f"api/jobs/{job}/learn", json={"state": 2, "all_seen": False}).json()
    assert changed == {"learned": {"moved": 1, "deleted": 1}}
    whole = visit.post(f"api/jobs/{job}/learn", json={"state": 2, "all_seen": True}).json()
    assert whole == {"learned": {"moved": 1, "deleted": 1, "accepted": 7}}
    with FeedbackStore(visit.studio.feedback) as kept:
        (recording,) = kept.recordings()
        assert recording.title == "song"
        assert kept.habits() is not None
    edit(visit, job, kind="retab", capo=1)
    anew = visit.post(f"api/jobs/{job}/learn", json={"state": 3, "all_seen": False}).json()
    assert anew == {"learned": {"accepted": 1}}, "what fingering anew did is not the player's"
    assert visit.post(f"api/jobs/{job}/learn", json={"state": 2, "all_seen": "yes"}).status_code == 422
    assert visit.post(f"api/jobs/{job}/learn", json={"state": 9, "all_seen": True}).status_code == 404


def test_edits_survive_a_restart(tmp_path: Path, recording: Path) -> None:
    with open_visit(tmp_path / "studio") as visit:
        job = visit.heard(recording)
        edit(visit, job, kind="delete", note=0)
        page = edit(visit, job, kind="delete", note=0).json()
    with open_visit(tmp_path / "studio") as visit:
        assert visit.get(f"api/jobs/{job}/tab").json() == page
        assert len(visit.post(f"api/jobs/{job}/undo", json={"state": 2}).json()["notes"]) == 8


@pytest.mark.parametrize("name", FORMATS)
def test_files_hold_the_edit(visit: Any, job: str, tmp_path: Path, name: str) -> None:
    tab = visit.get(f"api/jobs/{job}/tab").json()
    note = next(i for i, n in enumerate(tab["notes"]) if n["pitch"] == 64)
    edit(visit, job, kind="place", note=note, string=4, fret=5)
    answer = visit.get(f"api/jobs/{job}/files/{name}")
    assert answer.status_code == 200
    file_name = f"song{suffix_of(name)}"
    plain, encoded = f'filename="{file_name}"', f"filename*=UTF-8''{file_name}"
    assert answer.headers["content-disposition"] == f"attachment; {plain}; {encoded}"
    assert "x-losses" in answer.headers
    assert "recording" not in answer.headers["x-losses"]
    if name != "html":
        assert str(visit.studio.folder.root).encode() not in answer.content
    if name == "gp-synced":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            (sound,) = (m for m in archive.namelist() if m.startswith("Content/Assets/"))
            assert soundfile.info(io.BytesIO(archive.read(sound))).duration == pytest.approx(1.0, abs=0.01)
    if name in READABLE:
        (tmp_path / file_name).write_bytes(answer.content)
        read = read_tab(tmp_path / file_name).tab
        assert Position(string=4, fret=5) in [n.position for n in read.notes]
        assert Position(string=5, fret=0) not in [n.position for n in read.notes]
        assert len(read.notes) == 9


def test_a_file_is_named_after_its_recording(visit: Any, recording: Path) -> None:
    job = visit.upload(recording, 'Für "Élise".wav').json()["id"]
    visit.get(f"api/jobs/{job}/events")
    header = visit.get(f"api/jobs/{job}/files/mid").headers["content-disposition"]
    assert urllib.parse.unquote(header.partition("UTF-8''")[2]) == "Für _Élise_.mid"
    assert header.startswith('attachment; filename="F_r __lise_.mid"')
    assert visit.get(f"api/jobs/{job}/files/docx").status_code == 422
    assert visit.get(f"api/jobs/{job}/files/gpx").status_code == 422


def test_the_page_of_a_job_is_made_of_our_own_files(visit: Any, job: str) -> None:
    page = visit.get(f"jobs/{job}")
    assert page.headers["content-type"].startswith("text/html")
    scripts = [part.partition('"')[0] for part in page.text.split('<script src="')[1:]]
    assert len(scripts) > 5
    for script in scripts:
        address = urllib.parse.urljoin(f"jobs/{job}", script)
        answer = visit.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert page.text.count("<script>") == 0
    home = visit.get("").text
    for address in ("static/home.js", "static/home.css", "static/page.css", "static/talk.js"):
        assert f'"{address}"' in home
        assert visit.get(address).status_code == 200


def test_a_job_without_a_tab_has_its_progress_on_the_first_page(visit: Any, tmp_path: Path) -> None:
    silent = tmp_path / "x.wav"
    soundfile.write(silent, np.full(3 * 22050, np.nan, dtype=np.float32), 22050, subtype="FLOAT")
    job = visit.upload(silent).json()["id"]
    visit.get(f"api/jobs/{job}/events")
    answer = visit.get(f"jobs/{job}")
    assert (answer.status_code, answer.headers["location"]) == (303, "../")
    assert visit.get(f"api/jobs/{job}/recording").status_code == 404
    assert visit.get(f"api/jobs/{job}/files/txt").status_code == 404
