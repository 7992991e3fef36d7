"""Readers of what comes from players, their browsers and the web: feedback, the studio, batches, collections.

Neighbours: ``readers`` has those of tabs and recordings and lists all; ``structures`` makes seeds wrong.
"""

from __future__ import annotations

import datetime
import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from fretscribe.cli.library_report import SCHEMA, check_report
from fretscribe.collect.artists import read_artists
from fretscribe.collect.library import Library
from fretscribe.collect.pages import page_data, search_page, tab_page
from fretscribe.collect.robots import parse_robots
from fretscribe.collect.tab_info import SCHEMA as SCHEMA_OF_TABS
from fretscribe.evaluation.bench_run import parse_answer
from fretscribe.feedback.corrections import MendedRecording, compare
from fretscribe.feedback.json_lines import parse_lines, render_lines
from fretscribe.feedback.store import FeedbackStore
from fretscribe.io.json_fields import load_json
from fretscribe.pipeline.library.items import list_items
from fretscribe.pipeline.library.journal import FILE_NAME, Entry, open_journal
from fretscribe.pipeline.library.work import Summary
from fretscribe.pipeline.tabbing import Hands
from fretscribe.result import AudioInfo, Transcription
from fretscribe.web.edit_requests import parse_edit, parse_options
from fretscribe.web.uploads import check_recording, safe_name
from fuzz.mutations import bytes_mutation, json_mutation, text_mutation, xml_mutation
from fuzz.reader import Reader, of_file, of_folder, one_of, written
from fuzz.structures import near_json_mutation, sqlite_mutation
from random_tabs import random_tab
from tab_site import META, Song, new_form, old_form, text_of

_ANY_JSON = one_of(json_mutation, near_json_mutation)
_LIMIT = 100_000
_TAB = random_tab(0, n_beats=24)
_AUDIO = AudioInfo(path="song.wav", duration_s=9.5, sha256="ab" * 32)
_EDITS: tuple[dict[str, object], ...] = (
    {"kind": "place", "note": 2, "string": 2, "fret": 5},
    {"kind": "delete", "note": 1},
    {"kind": "add", "string": 1, "fret": 3, "onset_beats": "7/2", "duration_beats": "1/2"},
    {"kind": "shift", "note": 0, "beats": "1/4"},
    {"kind": "techniques", "note": 3, "techniques": ["hammer_on", "bend"]},
    {"kind": "retab", "tuning": "drop D", "capo": 1, "bpm": 90.0, "meter": "3/4", "prefer": "open"},
    {"kind": "retab", "max_span": 4, "max_fret": 12},
)
_OPTIONS = {
    "tuning": "auto",
    "capo": 2,
    "bpm": 100.5,
    "meter": "6/8",
    "separate": "off",
    "start_s": 0.5,
    "end_s": 9.0,
}
_SITE = "https://www.example.org"
_NOW = datetime.datetime(2030, 1, 2, tzinfo=datetime.UTC)
_ROBOTS = (
    b"User-agent: *\nDisallow: /private/*/x$\nAllow: /private/open%2fx\nCrawl-delay: 2.5\n\n"
    b"User-agent: fretscribe\nUser-agent: other/1.0\nDisallow: /search?*type=300\nDisallow:\n# no more\n"
)
_ARTISTS = b"# mine\n[rock]\nThe Made Ups\nSomebody Else\n\n[folk]\nA Third\n"
_ANSWER = {
    "version": "1.0", "start_cpu_s": 0.1, "cpu_s": 1.0, "peak_mb": 200.0,
    "notes": [{"onset_s": 0.1, "offset_s": 0.5, "pitch": 60, "string": 3, "fret": 5}] * 3,
}  # fmt: skip


def _mended() -> MendedRecording:
    first = Transcription(tab=_TAB, audio=_AUDIO)
    return compare(first, replace(first, tab=replace(_TAB, notes=_TAB.notes[1:])))


def _edit(data: bytes) -> object:
    """As the studio does an edit of a tab."""
    request = load_json(data, "request", max_bytes=_LIMIT)
    return parse_edit(request)(Transcription(tab=_TAB, audio=_AUDIO), Hands())


def _feedback_file(folder: Path) -> None:
    with FeedbackStore(folder / "f.sqlite3") as store:
        store.keep([_mended(), replace(_mended(), key="another", audio=None)])


def _read_feedback(path: Path) -> object:
    with FeedbackStore(path) as store:
        return store.recordings(), store.habits()


def _journal_file(folder: Path) -> None:
    summary = Summary(
        sha256="ab" * 32, duration_s=9.5, n_notes=3, tuning="standard", share_accepted=0.5, warnings=("w",),
        work_s=1.0,
    )  # fmt: skip
    entry = Entry(recipe="r", done=True, files={"a.json": ("ab" * 32,)}, summary=summary)
    with open_journal(folder) as journal:
        journal.put("a", entry)
        journal.put("b", replace(entry, done=False))


def _read_journal(folder: Path) -> object:
    with open_journal(folder) as journal:
        return journal.get("a"), journal.get("b")


def _pages() -> list[bytes]:
    song = Song(tab_id=101, name="Paper Lanterns", votes=400, rating=4.8, meta=META)
    rows = {"results": [song.row(_SITE)] * 2, "pagination": {"total": 3, "current": 1}}
    tab = {"tab": song.row(_SITE), "tab_view": {"wiki_tab": {"content": text_of(101)}, "meta": META}}
    return [form(data).encode() for form in (new_form, old_form) for data in (rows, tab)]


def _read_page(data: bytes) -> object:
    found = page_data(data.decode("utf-8", "replace"))
    return search_page(found) if "results" in found else tab_page(found)


def _read_robots(data: bytes) -> object:
    robots = parse_robots(data.decode("utf-8", "replace"), "fretscribe")
    return robots.allows(f"{_SITE}/search?a=b&type=300"), robots.allows(f"{_SITE}/private/a/b/x" + "/x" * 500)


def _collection() -> list[bytes]:
    row = {
        "tab_id": 1, "artist": "a", "song": "s", "kind": "tab", "part": "", "version": 1, "votes": 3,
        "rating": 4.5,
        "url": "u", "is_open": True,
    }  # fmt: skip
    lines: list[dict[str, object]] = [
        {"what": "collection", "schema": SCHEMA_OF_TABS, "site": _SITE},
        {"what": "saved", "id": 1, "text": "a/s.txt", "url": "u", "at": "2030-01-01T00:00:00+00:00"},
        {"what": "listing", "query": ["a"], "at": "2030-01-01T00:00:00+00:00", "rows": [row]},
        {"what": "gone", "id": 2, "url": "u", "reason": "r", "at": "2030-01-01T00:00:00+00:00"},
    ]
    return ["".join(json.dumps(line) + "\n" for line in lines).encode()]


def _read_collection(path: Path) -> object:
    with Library(path.parent, _SITE, resume=True) as library:
        return library.listing(["a"], now=_NOW)


def _upload(data: bytes) -> object:
    """As the studio takes a recording, its name from the same bytes."""
    with tempfile.TemporaryDirectory(prefix="fretscribe-fuzz-") as folder:
        path = Path(folder) / safe_name(data[:40].decode("utf-8", "replace"))
        path.write_bytes(data)
        check_recording(path)
        return path


def user_readers(recordings: Callable[[], list[bytes]]) -> dict[str, Reader]:
    """The readers by name; ``recordings`` makes sound files of several kinds."""
    return {
        "edit": Reader(
            seeds=lambda: [json.dumps(edit).encode() for edit in _EDITS], mutate=_ANY_JSON, read=_edit
        ),
        "options": Reader(
            seeds=lambda: [json.dumps(_OPTIONS).encode()],
            mutate=_ANY_JSON,
            read=lambda data: parse_options(load_json(data, "options", max_bytes=_LIMIT)),
        ),
        "upload": Reader(seeds=recordings, mutate=bytes_mutation, read=_upload),
        "feedback-lines": Reader(
            seeds=lambda: [render_lines([_mended()])], mutate=_ANY_JSON, read=parse_lines
        ),
        "feedback-store": Reader(
            seeds=written(_feedback_file, "f.sqlite3"),
            mutate=sqlite_mutation,
            read=of_file("f.sqlite3", _read_feedback),
        ),
        "batch-journal": Reader(
            seeds=written(_journal_file, FILE_NAME),
            mutate=sqlite_mutation,
            read=of_folder(FILE_NAME, _read_journal),
        ),
        "batch-report": Reader(
            seeds=lambda: [
                json.dumps({"schema": SCHEMA, "totals": {"written": 1}, "recordings": []}).encode()
            ],
            mutate=_ANY_JSON,
            read=of_folder("report.json", lambda folder: check_report(folder, force=False)),
        ),
        "batch-list": Reader(
            seeds=lambda: [b"#EXTM3U\na.wav\n#EXTINF:12,x\n../b c.mp3\n/d/e.flac\n\xc3\xbc.wav\n"],
            mutate=text_mutation,
            read=of_file("list.m3u", lambda path: list_items([path], taken=["report"])),
        ),
        "page": Reader(
            seeds=_pages, mutate=one_of(xml_mutation, text_mutation, bytes_mutation), read=_read_page
        ),
        "robots": Reader(seeds=lambda: [_ROBOTS], mutate=text_mutation, read=_read_robots),
        "artists": Reader(
            seeds=lambda: [_ARTISTS],
            mutate=text_mutation,
            read=of_file("a.txt", lambda path: read_artists(path, genres=["folk"])),
        ),
        "collection": Reader(
            seeds=_collection, mutate=text_mutation, read=of_file("manifest.jsonl", _read_collection)
        ),
        "bench-answer": Reader(
            seeds=lambda: [json.dumps(_ANSWER).encode()],
            mutate=_ANY_JSON,
            read=lambda data: parse_answer(data, "answer"),
        ),
    }
