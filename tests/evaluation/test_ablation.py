"""The ablation: a row a lever and track, networks asked once, real and rendered recordings, the report."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from counting_route import RATE, counting_transcriber
from fretscribe.datasets.guitarset import GuitarSet, open_guitarset
from fretscribe.datasets.held_out import HELD_OUT_INSTRUMENTS
from fretscribe.datasets.sample_bank import SampleVoice
from fretscribe.errors import DatasetError
from fretscribe.evaluation.ablation import OPTIONS, AblationRow, ablate_instruments, ablate_recordings
from fretscribe.evaluation.ablation_report import WHO_SET_WHAT, ablation_markdown
from fretscribe.evaluation.errors import VERDICTS
from fretscribe.evaluation.heard_voices import HeardVoices
from fretscribe.evaluation.levers import FULL, LEVERS, PLAINEST
from fretscribe.evaluation.metrics import Counts, NoteScores
from fretscribe.evaluation.run import evaluate_track
from fretscribe.io.audio import read_audio
from fretscribe.pipeline import Transcriber, load_transcriber
from fretscribe.symbolic.confidence import ConfidenceEvaluator
from guitarset_folder import TRACKS, make_folder

DATA = Path(os.environ.get("FRETSCRIBE_DATA", Path(__file__).parents[3] / "shared" / "data"))
BY_NAME = {instrument.name: instrument for instrument in HELD_OUT_INSTRUMENTS}
STEEL = BY_NAME["steel body"]
UNHEARD = HeardVoices(names=frozenset({"strat"}), source="an account")
NO_VOICES: dict[str, SampleVoice] = {}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> GuitarSet:
    home = tmp_path_factory.mktemp("guitarset") / "set"
    make_folder(home)
    return open_guitarset(home)


@pytest.fixture
def transcribers(acoustic: Any) -> dict[str, Transcriber]:
    """Of player 00 TabCNN hears string 2 alone, of 01 string 4."""
    return {
        player: counting_transcriber(acoustic, string=string) for player, string in (("00", 2), ("01", 4))
    }


def test_every_lever_is_pulled_on_every_track_and_networks_hear_each_once(
    dataset: GuitarSet, transcribers: dict[str, Transcriber]
) -> None:
    told: list[str] = []
    rows = ablate_recordings(dataset, transcribers.__getitem__, tracks=TRACKS, progress=told.append)
    assert [(row.track_id, row.lever) for row in rows] == [
        (t, lever.name) for t in TRACKS for lever in LEVERS
    ]
    assert told == list(TRACKS)
    assert {row.style for row in rows if row.track_id.endswith("solo")} == {"solo"}
    assert all(row.instrument is None and row.knows_strings for row in rows)
    for player, n_tracks in (("00", 2), ("01", 1)):
        route = transcribers[player]
        assert len(route.acoustic.asked) == len(route.tabcnn.asked) == n_tracks  # type: ignore[attr-defined,union-attr]
        assert len(route.lstm.asked) == n_tracks  # type: ignore[union-attr]


def test_a_row_says_what_the_switched_route_says(
    dataset: GuitarSet, transcribers: dict[str, Transcriber]
) -> None:
    rows = ablate_recordings(dataset, transcribers.__getitem__, tracks=TRACKS[2:])
    track = dataset.track(TRACKS[2])
    for row, lever in zip(rows, LEVERS, strict=True):
        tab = lever.switch(transcribers["01"])(track.audio_path("mic"), OPTIONS).tab
        assert row.scores == evaluate_track(track.truth(), tab)
        counts = row.scores.notes.onset
        assert (row.errors.n_ref, row.errors.n_est) == (counts.n_ref, counts.n_est)
    assert rows[0].scores.notes.onset.n_est > 0


def test_calibrations_are_left_out(dataset: GuitarSet, transcribers: dict[str, Transcriber]) -> None:
    def asked(target_accuracy: float) -> ConfidenceEvaluator:
        raise AssertionError("a calibration fits only the networks that it was made for")

    route = transcribers["00"]
    route = replace(route, hands=replace(route.hands, calibration=asked))
    ablate_recordings(dataset, lambda player: route, tracks=TRACKS[:1], levers=LEVERS[:2])


def test_rendered_instruments_are_judged_by_what_was_played(dataset: GuitarSet, acoustic: Any) -> None:
    told: list[str] = []
    route = counting_transcriber(acoustic)
    rows = ablate_instruments(
        dataset, NO_VOICES, route, tracks=TRACKS[:2], instruments=[STEEL], progress=told.append
    )
    assert told == [f"steel body: {name}" for name in TRACKS[:2]]
    assert [(row.track_id, row.lever) for row in rows] == [
        (track, lever.name) for track in TRACKS[:2] for lever in LEVERS
    ]
    assert all(row.instrument == STEEL and row.knows_strings for row in rows)
    assert {row.scores.notes.onset.n_ref for row in rows[: len(LEVERS)]} == {
        len(dataset.track(TRACKS[0]).tab().notes)
    }
    assert len(route.acoustic.asked) == 2  # type: ignore[attr-defined]


def test_an_unknown_track_is_told_before_anything_is_heard(
    dataset: GuitarSet, transcribers: dict[str, Transcriber]
) -> None:
    told: list[str] = []
    with pytest.raises(DatasetError, match="no track"):
        ablate_recordings(
            dataset, transcribers.__getitem__, tracks=[TRACKS[0], "09_X1-1-C_comp"], progress=told.append
        )
    assert told == []


@pytest.fixture
def rows(dataset: GuitarSet, transcribers: dict[str, Transcriber], acoustic: Any) -> tuple[AblationRow, ...]:
    """Of two levers, the full system being right in 3 of 4 notes, the plainest in 1 of 4; found: 4 and 8."""
    chosen = (FULL, PLAINEST)
    route = counting_transcriber(acoustic)
    made = ablate_recordings(dataset, transcribers.__getitem__, tracks=TRACKS, levers=chosen)
    made += ablate_instruments(
        dataset, NO_VOICES, route, tracks=TRACKS[:1], instruments=[STEEL], levers=chosen
    )
    onset = Counts(n_matched=4, n_ref=4, n_est=4)
    return tuple(_with_notes(row, onset, 3 if row.lever == FULL.name else 1) for row in made)


def _with_notes(row: AblationRow, onset: Counts, n_right: int) -> AblationRow:
    notes = NoteScores(onset=onset, offset=onset, tab=replace(onset, n_matched=n_right))
    return replace(row, scores=replace(row.scores, notes=notes))


def report(rows: Sequence[AblationRow], heard: HeardVoices = UNHEARD) -> str:
    return ablation_markdown(
        rows, (FULL, PLAINEST), heard, weights={"acoustic": "0123456789abcdef"}, command="do it"
    )


def test_the_report_compares_every_row_with_the_full_system(rows: tuple[AblationRow, ...]) -> None:
    text = report(rows)
    assert text.startswith("# Accuracy, and what each part is worth\n")
    assert "```\ndo it\n```" in text
    assert "acoustic `0123456789ab`" in text
    assert f"- {PLAINEST.name}: {PLAINEST.told}" in text
    for title in ("mean all (3)", "mean comp (2)", "mean solo (1)"):
        table = text.split(f"| {title} |")[1].splitlines()
        assert table[0].startswith(" F50 | F50 off | tab F1 note |")
        assert table[2].startswith("| full system | 1.000 | 1.000 | 0.750 |")
        assert table[3].startswith("| plainest system | 1.000 (=) | 1.000 (=) | 0.250 (-0.500) |")
        assert table[3].endswith("| 0.250 (-0.500) |")  # right strings among the found notes
    assert all(told in text for told in WHO_SET_WHAT)


def test_every_track_is_in_the_report_and_rows_that_change_nothing_are_not(
    rows: tuple[AblationRow, ...],
) -> None:
    text = report(rows)
    head = "|  | " + " | ".join(TRACKS) + " |"
    of_strings, of_notes = (part.split("\n\n")[0] for part in text.split(head)[1:])
    assert "| plainest system | 0.250 (-0.500) | 0.250 (-0.500) | 0.250 (-0.500) |" in of_strings
    assert "| full system | 1.000 | 1.000 | 1.000 |" in of_notes
    assert "plainest system" not in of_notes


def test_strings_of_an_instrument_are_judged_only_where_they_are_known(rows: tuple[AblationRow, ...]) -> None:
    text = report(rows)
    assert "## Held-out instruments\n" in text
    assert "| F50 | steel body |" in text
    assert "| steel body | F50 | F50 off | tab F1 note |" in text
    nylon = replace(rows[-1], instrument=BY_NAME["nylon"], knows_strings=False)
    both = [*rows, nylon, replace(nylon, lever=FULL.name)]
    text = report(both)
    assert "| F50 | steel body | nylon |" in text
    assert "| nylon | F50 |" not in text
    assert "NOT" not in text
    learned = report(both, HeardVoices(names=frozenset({"spanish-classical"}), source="an account"))
    assert "## Rendered instruments, NOT all of them held out" in learned
    assert "**The acoustic model learned from the sound of these: nylon.**" in learned
    unknown = report(both, HeardVoices(names=None, source="there is none"))
    assert "may have learned from the sound of these: nylon." in unknown


def test_verdicts_are_counted_before_and_after(rows: tuple[AblationRow, ...]) -> None:
    part = report(rows).split("## Errors before and after")[1]
    head = next(line for line in part.splitlines() if line.startswith("|"))
    assert head == "|  | played | found | " + " | ".join(VERDICTS) + " |"
    real = [row for row in rows if row.instrument is None]
    for lever in (PLAINEST, FULL):
        cells = next(line for line in part.splitlines() if line.startswith(f"| {lever.name} |")).split(" | ")
        n_ref = sum(row.errors.n_ref for row in real if row.lever == lever.name)
        counts = [int(cell.strip(" |")) for cell in cells[1:]]
        assert counts[0] == n_ref == sum(counts[2:-1])
        assert counts[1] == sum(counts[2:-2]) + counts[-1]
    assert part.index("Plainest system:") < part.index("Full system:")
    assert part.count("all notes") == 2


def test_the_sound_that_is_heard_is_the_recording(dataset: GuitarSet, acoustic: Any) -> None:
    route = counting_transcriber(acoustic)
    ablate_recordings(dataset, lambda player: route, tracks=TRACKS[:1], levers=LEVERS[:1])
    recording = read_audio(dataset.track(TRACKS[0]).audio_path("mic"), sample_rate=RATE).audio
    assert route.acoustic.asked == [recording.duration_s]  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "guitarset").is_dir(), reason=f"no guitarset in {DATA} (set FRETSCRIBE_DATA)")
def test_the_weights_that_ship_need_hand_and_evidence() -> None:
    track, transcriber = "01_BN2-166-Ab_solo", load_transcriber()
    rows = ablate_recordings(open_guitarset(DATA / "guitarset"), lambda player: transcriber, tracks=[track])
    tab_f1 = {row.lever: row.scores.notes.tab.f1 for row in rows}
    f50 = {row.lever: row.scores.notes.onset.f1 for row in rows}
    assert f50["full system"] > 0.9
    assert f50["without any evidence"] == f50["full system"]
    assert tab_f1["full system"] > tab_f1["without any evidence"] > tab_f1["nearest position"]
    assert tab_f1["full system"] > tab_f1["plainest system"] + 0.2
