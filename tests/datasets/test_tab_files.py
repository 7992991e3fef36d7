"""Which files of a folder are tabs, which song each is of, and what a text's metadata add."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fretscribe.collect.tab_info import SCHEMA
from fretscribe.datasets.tab_files import (
    COLLECTED_SCHEMA,
    TEXT_RING_S,
    check_text_options,
    find_tabs,
    load_tab,
    song_key,
)
from fretscribe.errors import DatasetError, OptionError
from fretscribe.io.formats import write_tab
from fretscribe.pipeline.importing import import_tab
from tab_folder import ONE_BAR, one_note


def write_collected(folder: Path, stem: str, text: str = ONE_BAR, **facts: object) -> Path:
    """A text with the metadata that ``collect`` leaves beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stem}.txt").write_text(text, encoding="utf-8")
    (folder / f"{stem}.json").write_text(json.dumps({"schema": SCHEMA, **facts}), encoding="utf-8")
    return folder / f"{stem}.txt"


def test_the_schema_is_the_one_that_collect_writes() -> None:
    assert COLLECTED_SCHEMA == SCHEMA


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("My Song", "song:my-song"),
        ("My Song (ver 2)", "song:my-song"),
        ("my_song_v3", "song:my-song"),
        ("My Song (2)", "song:my-song"),
        ("My Song Version 12 Tab", "song:my-song"),
        ("Band - My Song (Bass)", "song:my-song"),
        ("my-song-tabs-solo-v1-99", "song:my-song"),
        ("My Song [Live 2]", "song:my-song"),
        ("Prelude 2", "song:prelude-2"),
        ("V2", "song:v2"),
        ("Été", "song:été"),
        ("---", "song:unnamed"),
    ],
)
def test_versions_share_a_song(name: str, key: str) -> None:
    assert song_key(name) == key


def test_what_is_a_tab(tmp_path: Path) -> None:
    home = tmp_path / "tabs"
    write_collected(home / "band", "some-title-tabs-v2-7", song="My Song")
    write_tab(one_note(3), home / "My Song (ver 1).json")
    write_tab(one_note(3), home / "band" / "solo.mid")
    write_tab(one_note(5), home / "solo.JAMS")
    for name in ("manifest.jsonl", "cover.png", ".hidden.txt", "arrays/arrays.json"):
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text("{}", encoding="utf-8")
    found = {tab.name: (tab.track, tab.song) for tab in find_tabs(home, leave_out=home / "arrays")}
    assert found == {
        "My Song (ver 1).json": ("My Song (ver 1)", "song:my-song"),
        "band/some-title-tabs-v2-7.txt": ("some-title-tabs-v2-7", "song:my-song"),
        "band/solo.mid": ("band/solo.mid", "song:solo"),
        "solo.JAMS": ("solo.JAMS", "song:solo"),
    }


def test_tabs_of_recordings_belong_to_their_players(tmp_path: Path) -> None:
    for name in ("00_BN1-129-Eb_comp.txt", "a/00_BN1-129-Eb_comp.json", "02_Jazz3-150-C#_solo.mid"):
        write_tab(one_note(3), tmp_path / name) if (tmp_path / name).parent.exists() else None
    found = {tab.track: tab.song for tab in find_tabs(tmp_path)}
    assert found == {"00_BN1-129-Eb_comp": "00", "02_Jazz3-150-C#_solo": "02"}


def test_a_development_recording_is_known_by_its_name_however_often_it_is_there(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_tab(one_note(3), tmp_path / folder / "00_BN1-129-Eb_comp.txt")
    assert {tab.track for tab in find_tabs(tmp_path)} == {"00_BN1-129-Eb_comp"}


def test_a_folder_without_tabs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no tabs"):
        find_tabs(tmp_path)
    with pytest.raises(DatasetError, match="is no folder"):
        find_tabs(tmp_path / "none")


def test_metadata_tell_what_the_text_does_not(tmp_path: Path) -> None:
    facts = {"tempo_bpm": 60.0, "capo": 2, "tuning_value": "D A D G B E", "tuning_name": "Drop D"}
    silent = "\n".join(line[1:] for line in ONE_BAR.splitlines())  # no labels, so no tuning
    loaded = load_tab(write_collected(tmp_path, "a", silent, **facts), read_other=import_tab)
    assert loaded.tempo_from == "metadata"
    assert loaded.tab.notes[1].note.onset_s == pytest.approx(1.0)
    assert (loaded.tab.tuning.open_pitches[0], loaded.tab.tuning.capo) == (38, 2)
    says = "Tempo: 240 bpm\nCapo: 1\nTuning: E A D G B E\n" + ONE_BAR
    loaded = load_tab(write_collected(tmp_path, "b", says, **facts), read_other=import_tab)
    assert loaded.tempo_from == "file"
    assert loaded.tab.notes[1].note.onset_s == pytest.approx(0.25)
    assert (loaded.tab.tuning.open_pitches[0], loaded.tab.tuning.capo) == (40, 1)


def test_metadata_that_do_not_fit_are_said_and_not_used(tmp_path: Path) -> None:
    path = write_collected(tmp_path, "a", tempo_bpm=9999)
    loaded = load_tab(path, read_other=import_tab)
    assert loaded.tempo_from == "default"
    assert "is not used: a tempo lies between" in loaded.warnings[0]


def test_tempo_is_given_stated_or_assumed(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(ONE_BAR, encoding="utf-8")
    assumed = load_tab(path, read_other=import_tab)
    assert (assumed.tempo_from, assumed.tab.notes[1].note.onset_s) == ("default", 0.5)
    given = load_tab(path, read_other=import_tab, bpm=60.0)
    assert (given.tempo_from, given.tab.notes[1].note.onset_s) == ("given", 1.0)
    write_tab(one_note(3), tmp_path / "b.json")
    assert load_tab(tmp_path / "b.json", read_other=import_tab, bpm=60.0, unroll=True).tempo_from == "file"
    with pytest.raises(OptionError, match="a tempo lies between"):
        check_text_options(bpm=5.0, ring_s=0.4)
    with pytest.raises(OptionError, match="cannot last 0 s"):
        check_text_options(bpm=None, ring_s=0.0)


def test_notes_of_texts_are_stopped_unless_they_ring(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(ONE_BAR, encoding="utf-8")
    assert [n.note.duration_s for n in load_tab(path, read_other=import_tab).tab.notes] == [
        pytest.approx(TEXT_RING_S)
    ] * 4
    long = load_tab(path, read_other=import_tab, ring_s=100.0).tab
    assert [n.note.duration_s for n in long.notes] == [2.0, 0.5, 2.0, 2.0]
    write_tab(long, tmp_path / "b.json")
    assert load_tab(tmp_path / "b.json", read_other=import_tab).tab == import_tab(tmp_path / "b.json").tab
