"""GuitarSet's layout and annotations: made files for the rules, the real ones where they are there."""

from __future__ import annotations

import itertools
import json
import os
import pickle
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS, AudioSource, open_guitarset
from fretscribe.datasets.guitarset_harmony import parse_harmony
from fretscribe.datasets.guitarset_truth import parse_truth
from fretscribe.errors import DatasetError
from fretscribe.music import STANDARD_TUNING, BeatGrid, Position

REAL_DATA = (
    Path(os.environ.get("FRETSCRIBE_DATA", Path(__file__).parents[3] / "shared" / "data")) / "guitarset"
)
Row = tuple[float, float, float]  # onset_s, duration_s, pitch
NOTES: Mapping[int, tuple[Row, ...]] = {0: ((0.5, 0.25, 42.9),), 2: ((0.1, 0.3, 50.2), (0.4, 0.2, 52.0))}


def _observations(rows: tuple[Row, ...]) -> list[dict[str, object]]:
    return [{"time": t, "duration": d, "value": v, "confidence": None} for t, d, v in rows]


def _jams(notes: Mapping[int, tuple[Row, ...]] = NOTES, *, n_beats: int = 5) -> dict[str, object]:
    annotations: list[dict[str, object]] = [
        {
            "namespace": "note_midi",
            "annotation_metadata": {"data_source": str(string)},
            "data": _observations(notes.get(string, ())),
        }
        for string in range(6)
    ]
    beats = [
        {"time": 0.5 * i, "duration": 0.0, "value": {"position": i % 3 + 1, "num_beats": 3, "beat_units": 4}}
        for i in range(n_beats)
    ]
    annotations.append({"namespace": "beat_position", "annotation_metadata": {}, "data": beats})
    return {"annotations": annotations, "file_metadata": {"duration": 2.0}, "sandbox": {}}


def _bytes(jams: dict[str, object]) -> bytes:
    return json.dumps(jams).encode()


def _write_folder(home: Path, *track_ids: str) -> None:
    (home / "annotation").mkdir(parents=True)
    for track_id in track_ids:
        (home / "annotation" / f"{track_id}.jams").write_bytes(_bytes(_jams()))


def _write_zip(home: Path, *members: str) -> None:
    home.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(home / "annotation.zip", "w") as archive:
        for member in members:
            archive.writestr(member, _bytes(_jams()))


def _write_audio(home: Path, *names: str) -> None:
    for name in names:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def test_truth_keeps_raw_times_and_fractional_pitches() -> None:
    truth = parse_truth(_bytes(_jams()), "x")
    assert [(n.onset_s, n.offset_s, n.pitch, n.string, n.fret) for n in truth.notes] == [
        (0.1, 0.4, 50.2, 2, 0),
        (0.4, 0.4 + 0.2, 52.0, 2, 2),
        (0.5, 0.75, 42.9, 0, 3),
    ]
    assert truth.tuning == STANDARD_TUNING
    assert truth.duration_s == 2.0
    assert truth.warnings == ()


def test_beats_become_a_grid_with_downbeats() -> None:
    assert parse_truth(_bytes(_jams()), "x").beats == BeatGrid(
        beat_times_s=(0.0, 0.5, 1.0, 1.5, 2.0), downbeats=(0, 3), beats_per_bar=3, beat_unit=4
    )
    assert parse_truth(_bytes(_jams(n_beats=1)), "x").beats is None


def test_tab_rounds_to_frets_and_names_the_track(tmp_path: Path) -> None:
    _write_folder(tmp_path, "00_A1-1-C_comp")
    tab = open_guitarset(tmp_path).tracks[0].tab()
    assert [(n.note.pitch, n.position) for n in tab.notes] == [
        (50, Position(string=2, fret=0)),
        (52, Position(string=2, fret=2)),
        (43, Position(string=0, fret=3)),
    ]
    assert tab.title == "00_A1-1-C_comp"
    assert tab.provenance["track"] == "00_A1-1-C_comp"


def test_overlap_on_a_string_is_kept_in_truth_warned_of_and_trimmed_in_the_tab(tmp_path: Path) -> None:
    _write_folder(tmp_path, "00_A1-1-C_comp")
    overlapping = _jams({1: ((0.0, 1.0, 46.0), (0.5, 1.0, 47.0))})
    (tmp_path / "annotation" / "00_A1-1-C_comp.jams").write_bytes(_bytes(overlapping))
    (track,) = open_guitarset(tmp_path).tracks
    truth = track.truth()
    assert truth.notes[0].offset_s == 1.0
    assert truth.warnings == ("1 notes overlap the next on their string",)
    first, second = track.tab().notes
    assert (first.note.offset_s, second.note.onset_s, second.note.offset_s) == (0.5, 0.5, 1.5)


def test_a_tab_of_a_broken_annotation_names_the_track(tmp_path: Path) -> None:
    _write_folder(tmp_path, "00_A1-1-C_comp")
    (tmp_path / "annotation" / "00_A1-1-C_comp.jams").write_bytes(b"{}")
    with pytest.raises(DatasetError, match="00_A1-1-C_comp: the annotation is broken"):
        open_guitarset(tmp_path).tracks[0].tab()


def test_empty_and_overlong_annotations_are_warned_of() -> None:
    assert parse_truth(_bytes(_jams({})), "x").warnings == ("no notes are annotated",)
    late = parse_truth(_bytes(_jams({0: ((1.9, 0.5, 41.0),)})), "x")
    assert late.warnings == ("1 notes end after the recording",)


def _without_string(jams: dict[str, object]) -> None:
    annotations = jams["annotations"]
    assert isinstance(annotations, list)
    del annotations[3]


def _without_duration(jams: dict[str, object]) -> None:
    jams["file_metadata"] = {}


def _with_text_for_annotations(jams: dict[str, object]) -> None:
    jams["annotations"] = "none"


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"file_metadata": {"duration": 1' + b"0" * 400 + b"}}"])
def test_jams_beyond_what_a_machine_can_hold_are_broken(data: bytes) -> None:
    with pytest.raises(DatasetError, match="00_x_comp: the annotation is broken"):
        parse_truth(data, "00_x_comp")
    with pytest.raises(DatasetError, match="00_x_comp: the annotated harmony is broken"):
        parse_harmony(data, "00_x_comp")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_without_string, "note_midi for the strings"),
        (_without_duration, "no field 'duration'"),
        (_with_text_for_annotations, "broken"),
    ],
)
def test_broken_jams_names_the_track(spoil: Callable[[dict[str, object]], None], message: str) -> None:
    jams = _jams()
    spoil(jams)
    with pytest.raises(DatasetError, match=f"00_x_comp.*{message}"):
        parse_truth(_bytes(jams), "00_x_comp")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((-0.1, 0.2, 50.0), "string 1 at -0.100 s lasts"),
        ((0.1, 0.0, 50.0), "string 1 at 0.100 s lasts 0.0 s"),
        ((0.1, 0.2, 44.0), "which is fret -1"),
        ((0.1, 0.2, 45.0 + 23.0), "which is fret 23"),
        ((0.1, float("nan"), 50.0), "nan is not a finite number"),
    ],
)
def test_impossible_notes_are_refused_with_their_place(row: Row, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        parse_truth(_bytes(_jams({1: (row,)})), "x")


@pytest.mark.parametrize("data", [b"", b"not json", b"[]", b'"text"', b"\xff\xfe"])
def test_what_is_no_jams_is_refused(data: bytes) -> None:
    with pytest.raises(DatasetError, match="00_x_comp: the annotation is broken"):
        parse_truth(data, "00_x_comp")


@pytest.mark.parametrize("nested", ["", "guitarset"])
def test_folder_and_zip_give_the_same_truth(tmp_path: Path, nested: str) -> None:
    _write_folder(tmp_path / "a" / nested, "00_A1-1-C_comp", "01_A1-1-C_solo")
    _write_zip(tmp_path / "b" / nested, "01_A1-1-C_solo.jams", "annotation/00_A1-1-C_comp.jams")
    in_folder, in_zip = (open_guitarset(tmp_path / name) for name in "ab")
    for dataset in (in_folder, in_zip):
        assert [(t.track_id, t.player, t.style) for t in dataset.tracks] == [
            ("00_A1-1-C_comp", "00", "comp"),
            ("01_A1-1-C_solo", "01", "solo"),
        ]
        assert dataset.players == ("00", "01")
    assert [t.truth() for t in in_folder.tracks] == [t.truth() for t in in_zip.tracks]


def test_twins_of_macos_archives_are_no_tracks(tmp_path: Path) -> None:
    _write_zip(tmp_path, "00_A1-1-C_comp.jams", "__MACOSX/._00_A1-1-C_comp.jams", "readme.txt")
    assert len(open_guitarset(tmp_path).tracks) == 1


def test_audio_is_paired_by_name_and_source(tmp_path: Path) -> None:
    _write_folder(tmp_path, "00_A1-1-C#_comp", "01_A1-1-C_solo")
    expected: dict[AudioSource, str] = {
        "mic": "audio_mono-mic/00_A1-1-C#_comp_mic-aac.flac",
        "mix": "audio_mono-pickup_mix/00_A1-1-C#_comp_mix.wav",
        "hex_debleeded": "audio_hex-pickup_debleeded/00_A1-1-C#_comp_hex_cln.wav",
        "hex": "audio_hex-pickup_original/00_A1-1-C#_comp_hex.wav",
    }
    _write_audio(tmp_path, *expected.values())
    dataset = open_guitarset(tmp_path)
    first, second = dataset.tracks
    assert first.audio_paths == {source: tmp_path / name for source, name in expected.items()}
    assert dataset.with_audio("mix") == (first,)
    assert dataset.warnings == ()
    assert first.audio_path("mic").name == "00_A1-1-C#_comp_mic-aac.flac"
    with pytest.raises(DatasetError, match="01_A1-1-C_solo: no mic recording"):
        second.audio_path()


def test_an_original_is_preferred_to_a_lossy_copy(tmp_path: Path) -> None:
    _write_folder(tmp_path, "00_A1-1-C_comp")
    names = [f"00_A1-1-C_comp_mic{rest}" for rest in ("-aac.flac", ".flac", ".wav")]
    for n_copies in (1, 2, 3):
        _write_audio(tmp_path, f"audio_mono-mic/{names[n_copies - 1]}")
        assert open_guitarset(tmp_path).tracks[0].audio_path().name == names[n_copies - 1]


def test_recordings_that_cannot_be_used_are_warned_of(tmp_path: Path) -> None:
    _write_folder(tmp_path, "00_A1-1-C_comp")
    _write_audio(
        tmp_path,
        "audio_mono-mic/04_A1-1-C_comp_mic.wav",
        "audio_mono-mic/take.wav",
        "audio_mono-mic/notes.txt",
        "audio_mono-pickup_mix.zip",
    )
    assert open_guitarset(tmp_path).warnings == (
        "audio_mono-mic/04_A1-1-C_comp_mic.wav has no annotation",
        "audio_mono-mic/take.wav has no annotation",
        "audio_mono-pickup_mix.zip is not unpacked: its recordings are not used",
    )


def test_what_is_no_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="not a folder"):
        open_guitarset(tmp_path / "absent")
    with pytest.raises(DatasetError, match="no GuitarSet annotations"):
        open_guitarset(tmp_path)
    (tmp_path / "annotation.zip").write_bytes(b"PK no archive")
    with pytest.raises(DatasetError, match=r"cannot read .*annotation\.zip"):
        open_guitarset(tmp_path)
    (tmp_path / "annotation").mkdir()
    with pytest.raises(DatasetError, match=r"no \.jams files"):
        open_guitarset(tmp_path)


def test_a_name_that_is_no_tracks_is_refused(tmp_path: Path) -> None:
    _write_folder(tmp_path, "song")
    with pytest.raises(DatasetError, match="'song' is not a track's name"):
        open_guitarset(tmp_path)


def test_a_damaged_member_is_reported_when_it_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "annotation.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("00_A1-1-C_comp.jams", _bytes(_jams()))
    path = tmp_path / "annotation.zip"
    data = bytearray(path.read_bytes())
    data[60:90] = bytes(30)
    path.write_bytes(data)
    (track,) = open_guitarset(tmp_path).tracks
    with pytest.raises(DatasetError, match="00_A1-1-C_comp"):
        track.truth()


def test_tracks_are_found_by_id_and_travel_to_other_processes(tmp_path: Path) -> None:
    _write_folder(tmp_path, "00_A1-1-C_comp")
    dataset = open_guitarset(tmp_path)
    track = dataset.track("00_A1-1-C_comp")
    copy = pickle.loads(pickle.dumps(track))  # noqa: S301 - our own bytes
    assert copy == track
    assert copy.truth() == track.truth()
    with pytest.raises(DatasetError, match="no track '00_B'"):
        dataset.track("00_B")


def test_training_never_sees_development_tracks_or_held_out_players(tmp_path: Path) -> None:
    _write_folder(tmp_path, *DEVELOPMENT_TRACKS, "00_A1-1-C_comp", "02_A1-1-C_comp")
    dataset = open_guitarset(tmp_path)
    assert [t.track_id for t in dataset.training_tracks()] == ["00_A1-1-C_comp", "02_A1-1-C_comp"]
    assert [t.track_id for t in dataset.training_tracks(held_out_players=["00"])] == ["02_A1-1-C_comp"]


@pytest.mark.skipif(not REAL_DATA.is_dir(), reason=f"no GuitarSet in {REAL_DATA} (set FRETSCRIBE_DATA)")
def test_the_real_development_tracks_read_cleanly() -> None:
    dataset = open_guitarset(REAL_DATA)
    assert {t.track_id for t in dataset.with_audio()} >= set(DEVELOPMENT_TRACKS)
    for track_id in DEVELOPMENT_TRACKS:
        track = dataset.track(track_id)
        truth, tab = track.truth(), track.tab()
        assert truth.warnings == ()
        assert [(n.note.onset_s, n.position.string, n.position.fret) for n in tab.notes] == [
            (n.onset_s, n.string, n.fret) for n in truth.notes
        ]
        assert len(truth.notes) > 50
        assert truth.beats is not None
        steps = [b - a for a, b in itertools.pairwise(truth.beats.beat_times_s)]
        tempo = int(track_id.split("-")[1])
        assert steps == pytest.approx([60.0 / tempo] * len(steps), rel=1e-3)
