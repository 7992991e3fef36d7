"""Held-out instruments judged: by a perfect listener, by a deaf one, and by the weights that ship."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from fretscribe.convert import midi_to_hz
from fretscribe.datasets.guitarset import GuitarSet, open_guitarset
from fretscribe.datasets.held_out import (
    HELD_OUT_INSTRUMENTS,
    RATE,
    HeldOutInstrument,
    load_voices,
    perform,
)
from fretscribe.datasets.sample_bank import RecordedNote, SampleVoice
from fretscribe.errors import DatasetError
from fretscribe.evaluation.heard_voices import HeardVoices
from fretscribe.evaluation.held_out import HeldOutRow, held_out_instruments, held_out_markdown, played_truth
from fretscribe.frames import Audio
from fretscribe.music import STANDARD_TUNING, Tab
from fretscribe.pipeline import TranscribeOptions, load_transcriber
from fretscribe.result import Transcription
from guitarset_folder import TRACKS, make_folder

DATA = Path(os.environ.get("FRETSCRIBE_DATA", Path(__file__).parents[3] / "shared" / "data"))
BY_NAME = {instrument.name: instrument for instrument in HELD_OUT_INSTRUMENTS}
CHOSEN = tuple(BY_NAME[name] for name in ("nylon", "clean electric", "steel body"))
UNHEARD = HeardVoices(names=frozenset({"strat"}), source="an account")

Listener = Callable[[Audio], Transcription]


def _voice(name: str) -> SampleVoice:
    """Decaying tones from E2 to A3, so that it lacks the rest."""
    t = np.arange(RATE // 2) / RATE
    waves = {p: np.sin(2 * np.pi * midi_to_hz(p) * t) * np.exp(-2 * t) for p in range(40, 58)}
    notes = [
        RecordedNote(samples=(16000 * wave).astype(np.int16), pitch=p, string=None, velocity=80.0, level=1.0)
        for p, wave in waves.items()
    ]
    return SampleVoice(name=name, notes=tuple(notes))


VOICES = {name: _voice(name) for name in ("emily", "spanish-classical")}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> GuitarSet:
    home = tmp_path_factory.mktemp("guitarset") / "set"
    make_folder(home)
    return open_guitarset(home)


def _perfect(dataset: GuitarSet, instruments: tuple[HeldOutInstrument, ...]) -> Listener:
    """Hears what is played, in the protocol's order."""

    def tabs() -> Iterator[Tab]:
        for instrument in instruments:
            for name in TRACKS:
                yield perform(instrument, dataset.track(name).tab(), VOICES).tab

    upcoming = tabs()
    return lambda audio: Transcription(tab=next(upcoming))


def _deaf(audio: Audio) -> Transcription:
    return Transcription(tab=Tab(tuning=STANDARD_TUNING, notes=()))


@pytest.fixture(scope="module")
def rows(dataset: GuitarSet) -> tuple[HeldOutRow, ...]:
    listener = _perfect(dataset, CHOSEN)
    return held_out_instruments(dataset, VOICES, listener, tracks=TRACKS, instruments=CHOSEN)


def _markdown(rows: tuple[HeldOutRow, ...], heard: HeardVoices = UNHEARD) -> str:
    return held_out_markdown(rows, heard, weights="acoustic `0123`", command="do it")


def test_a_perfect_listener_is_right_on_every_instrument(rows: tuple[HeldOutRow, ...]) -> None:
    assert [(row.instrument.name, row.track_id) for row in rows] == [
        (i.name, t) for i in CHOSEN for t in TRACKS
    ]
    for row in rows:
        assert row.scores.notes.onset.f1 == 1.0
        assert row.scores.notes.offset.f1 == 1.0
        assert row.scores.frames.multipitch.f1 == 1.0
        assert row.knows_strings == (row.instrument.name == "steel body")
    lacking = {row.track_id: row.n_lacking for row in rows if row.instrument.name == "nylon"}
    played = {row.track_id: row.scores.notes.onset.n_ref for row in rows if row.instrument.name == "nylon"}
    full = {row.track_id: row.scores.notes.onset.n_ref for row in rows if row.instrument.name == "steel body"}
    assert sum(lacking.values()) > 0
    assert {name: played[name] + lacking[name] for name in TRACKS} == full


def test_a_deaf_listener_finds_nothing(dataset: GuitarSet) -> None:
    deaf = held_out_instruments(dataset, VOICES, _deaf, tracks=TRACKS[:1], instruments=CHOSEN[:1])
    scores = deaf[0].scores
    assert (scores.notes.onset.f1, scores.frames.multipitch.f1) == (0.0, 0.0)
    text = _markdown(deaf)
    assert "| nylon | no | 0.000 | 0.000 | 0.000 | — | 0 / " in text
    assert "- nylon: 0.000, not reached" in text


def test_the_sound_is_as_long_as_the_track_and_the_progress_is_told(dataset: GuitarSet) -> None:
    heard_s, told = [], []

    def listen(audio: Audio) -> Transcription:
        heard_s.append(audio.duration_s)
        return _deaf(audio)

    held_out_instruments(dataset, VOICES, listen, tracks=TRACKS, instruments=CHOSEN[:1], progress=told.append)
    durations_s = [dataset.track(name).truth().duration_s for name in TRACKS]
    assert heard_s == pytest.approx(durations_s, abs=1e-3)
    assert told == [f"nylon: {name}" for name in TRACKS]
    with pytest.raises(DatasetError, match="no track"):
        held_out_instruments(dataset, VOICES, listen, tracks=["00_X1-1-C_comp"], instruments=CHOSEN[:1])


def test_the_truth_has_the_pitches_of_the_frets(dataset: GuitarSet) -> None:
    tab = dataset.track(TRACKS[0]).tab()
    truth = played_truth(tab, 2.0)
    assert truth.duration_s == 2.0
    for note, tab_note in zip(truth.notes, tab.notes, strict=True):
        assert note.pitch == tab.tuning.open_pitches[note.string] + note.fret
        assert note.onset_s == tab_note.note.onset_s


def test_the_report_of_unheard_instruments(rows: tuple[HeldOutRow, ...]) -> None:
    text = _markdown(rows)
    assert text.startswith("# Held-out instruments\n")
    assert "NOT" not in text
    assert "learned from: strat (an account)" in text
    n = sum(row.scores.notes.onset.n_ref for row in rows if row.instrument.name == "nylon")
    lacking = sum(row.n_lacking for row in rows if row.instrument.name == "nylon")
    assert f"| nylon | no | 1.000 | 1.000 | 1.000 | — | {n} / {n} | {lacking} |" in text
    assert "| steel body | its strings' model, not its body | 1.000 | 1.000 | 1.000 | 1.000 |" in text
    assert "- clean electric: 1.000, reached" in text
    assert "- steel body: 1.000" not in text  # no part of the criterion
    assert all(f"| {name} | 1.000 | 1.000 | 1.000 |" in text for name in TRACKS)
    assert "| **mean solo** | 1.000 |" in text


def test_an_instrument_that_was_learned_from_is_not_called_held_out(rows: tuple[HeldOutRow, ...]) -> None:
    text = _markdown(rows, HeardVoices(names=frozenset({"emily"}), source="an account"))
    assert text.startswith("# Instruments, NOT all of them held out\n")
    assert "**The acoustic model learned from the sound of these: clean electric.**" in text
    assert "| clean electric | **yes: emily** | 1.000 |" in text
    assert "- clean electric: 1.000, not judged: the model learned from emily" in text
    assert "- nylon: 1.000, reached" in text


def test_without_an_account_nothing_is_judged(rows: tuple[HeldOutRow, ...]) -> None:
    text = _markdown(rows, HeardVoices(names=None, source="there is none"))
    assert text.startswith("# Instruments, NOT all of them held out\n")
    assert "learned from: not known (there is none)" in text
    assert "may have learned from the sound of these: nylon, clean electric." in text
    assert "reached" not in text
    assert text.count("**not known**") == 2


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "samples").is_dir(), reason=f"no samples in {DATA} (set FRETSCRIBE_DATA)")
def test_the_weights_that_ship_follow_a_driven_guitar() -> None:
    track = "01_BN2-166-Ab_solo"
    instrument = BY_NAME["driven electric"]
    transcriber, options = load_transcriber(), TranscribeOptions(tuning="standard", capo=0)
    rows = held_out_instruments(
        open_guitarset(DATA / "guitarset"),
        load_voices(DATA / "samples", [instrument]),
        lambda audio: transcriber(audio, options),
        tracks=[track],
        instruments=[instrument],
    )
    assert rows[0].scores.notes.onset.f1 >= 0.85
    assert rows[0].n_lacking < 50
