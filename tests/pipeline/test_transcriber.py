"""The whole route with a scripted model: what is asked, what is told, and that nothing is hidden."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import fretscribe
from fretscribe.errors import AudioError, OptionError
from fretscribe.frames import Audio
from fretscribe.pipeline import TranscribeOptions, Transcriber, transcribe
from fretscribe.symbolic.calibration import Calibration, Counts, Scores, Threshold
from fretscribe.symbolic.calibration_curves import Temperature
from fretscribe.symbolic.confidence import ConfidenceEvaluator


def pitches(result: fretscribe.Transcription) -> list[int]:
    return sorted(note.note.pitch for note in result.tab.notes)


def test_a_recording_becomes_a_tab(acoustic: Any, recording: Path) -> None:
    result = Transcriber(acoustic=acoustic)(recording)
    assert pitches(result) == sorted(pitch for *_, pitch in acoustic.script)
    onsets_s = [n.note.onset_s for n in result.tab.notes]
    assert onsets_s == pytest.approx(sorted(onset_s for onset_s, *_ in acoustic.script), abs=0.03)
    assert all(n.onset_beats is not None and n.confidence is not None for n in result.tab.notes)
    assert result.tab.beats is not None
    assert result.tab.beats.tempo_bpm == pytest.approx(120.0, rel=0.03)
    assert result.tab.key is not None
    assert result.tab.title == "song"
    assert result.audio is not None
    assert result.audio.duration_s == 5.0
    assert result.confidence is not None
    assert result.confidence.target_accuracy == 0.8


def test_every_stage_is_accounted_for(acoustic: Any, recording: Path) -> None:
    result = Transcriber(acoustic=acoustic)(recording)
    stages = {stage.name: stage for stage in result.stages}
    assert list(stages) == [
        "read",
        "separation",
        "detune",
        "acoustic",
        "tabcnn",
        "lstm",
        "decode",
        "low notes",
        "stiffness",
        "tuning",
        "fingering",
        "rhythm",
        "theory",
        "techniques",
        "confidence",
        "dead notes",
    ]
    assert all(stage.detail for stage in result.stages)
    assert [stages[name].status for name in ("separation", "detune", "tabcnn", "lstm")] == ["skipped"] * 4
    assert "standard, no capo: " in stages["tuning"].detail
    assert stages["confidence"].status == "fallback"
    assert stages["rhythm"].status == "ran"
    assert set(result.timings_s) == set(stages) - {"tabcnn", "lstm", "low notes", "dead notes"}


def test_two_runs_give_equal_results(acoustic: Any, recording: Path) -> None:
    first, second = (Transcriber(acoustic=acoustic)(recording) for _ in range(2))
    assert replace(first, timings_s={}) == replace(second, timings_s={})


def test_the_provenance_names_program_weights_and_options(acoustic: Any, recording: Path) -> None:
    options = TranscribeOptions(tuning="drop D", bpm=100)
    result = Transcriber(acoustic=acoustic)(recording, options)
    assert dict(result.tab.provenance) == {
        "program": f"fretscribe {fretscribe.__version__}",
        "weights": {"scripted": "0" * 64},
        "options": {"tuning": "drop D", "bpm": 100},
    }


def test_given_tuning_capo_tempo_and_metre_are_kept(acoustic: Any, recording: Path) -> None:
    options = TranscribeOptions(tuning="drop D", capo=2, bpm=90, meter="3/4")
    result = Transcriber(acoustic=acoustic)(recording, options)
    assert result.tab.tuning.open_pitches[0] == 38
    assert result.tab.tuning.capo == 2
    assert result.tuning_confidence == 1.0
    assert result.tab.beats is not None
    assert result.tab.beats.tempo_bpm == pytest.approx(90.0)
    assert result.tab.beats.beats_per_bar == 3
    assert next(s for s in result.stages if s.name == "tuning").status == "skipped"


def test_notes_can_be_left_where_they_were_played(acoustic: Any, recording: Path) -> None:
    result = Transcriber(acoustic=acoustic)(recording, TranscribeOptions(quantize=False))
    assert result.tab.beats is not None
    assert result.tab.notes
    assert all(n.onset_beats is None and n.duration_beats is None for n in result.tab.notes)


def test_silence_is_an_explicit_empty_tab(acoustic: Any, tmp_path: Path) -> None:
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(22050), 22050)
    result = Transcriber(acoustic=acoustic)(path)
    assert result.tab.notes == ()
    assert result.tab.beats is None
    assert any("no notes were heard" in warning for warning in result.warnings)
    assert {s.name for s in result.stages if s.status == "skipped"} >= {"fingering", "rhythm", "theory"}


def test_thirty_milliseconds_of_sound(acoustic: Any, tmp_path: Path) -> None:
    path = tmp_path / "click.wav"
    soundfile.write(path, np.full(660, 0.1), 22050)
    assert Transcriber(acoustic=acoustic)(path).tab.notes == ()


def test_notes_below_the_assumed_tuning_are_told(make_acoustic: Callable[..., Any], recording: Path) -> None:
    low = make_acoustic([(0.5, 1.0, 0, 38), (1.5, 2.0, 0, 38), (2.5, 3.0, 1, 45)])
    result = Transcriber(acoustic=low)(recording)
    assert pitches(result) == [45]
    told = [w for w in result.warnings if "2 notes (D2 x2) left out, not to be played in standard" in w]
    assert told
    assert "--tuning" in told[0]
    given = Transcriber(acoustic=low)(recording, TranscribeOptions(tuning="drop D"))
    assert pitches(given) == [38, 38, 45]
    assert given.warnings == ()


def test_a_low_pitch_is_never_moved_an_octave(make_acoustic: Callable[..., Any], recording: Path) -> None:
    result = Transcriber(acoustic=make_acoustic([(0.5, 1.0, 0, 35)]))(recording)
    assert result.tab.notes == ()


def test_warnings_of_the_recording_travel_with_the_tab(acoustic: Any, tmp_path: Path) -> None:
    path = tmp_path / "offset.wav"
    noise = np.random.default_rng(0).standard_normal(5 * 22050)
    soundfile.write(path, 0.05 * noise + 0.2, 22050)
    result = Transcriber(acoustic=acoustic)(path)
    assert any("DC" in warning for warning in result.warnings)


def test_times_of_a_section_count_from_the_start_of_the_recording(
    make_acoustic: Callable[..., Any], recording: Path
) -> None:
    model = make_acoustic([(0.5, 1.0, 1, 45)])
    result = Transcriber(acoustic=model)(recording, TranscribeOptions(start_s=2.0, end_s=4.0))
    assert [n.note.onset_s for n in result.tab.notes] == pytest.approx([2.5], abs=0.03)
    assert result.audio is not None
    assert result.audio.duration_s == 5.0
    assert result.timings_s["acoustic"] >= 0


def test_sound_can_be_handed_in(acoustic: Any) -> None:
    samples = np.random.default_rng(0).uniform(-0.1, 0.1, (2, 5 * 44100)).astype(np.float32)
    result = Transcriber(acoustic=acoustic)(Audio(samples=samples, sample_rate=44100))
    assert len(result.tab.notes) == len(acoustic.script)
    assert result.audio is None
    assert result.stages[0].status == "skipped"


def _calibration(*features: str) -> Calibration:
    return Calibration(
        level="notes",
        features=features,
        curve=Temperature(temperature=1.0),
        target_accuracy=0.9,
        thresholds=(
            Threshold(target=0.9, threshold=0.1, accuracy=0.91, coverage=0.7),
            Threshold(target=0.95),
        ),
        rules_accuracy=0.48,
        lower_threshold=None,
        reliability=(),
        scores=Scores(ece=0.0, adaptive_ece=0.0, brier=0.1, log_loss=0.3),
        counts=Counts(n_examples=100, n_right=70, n_groups=5),
    )


def _with_calibration(acoustic: Any, calibration: Calibration) -> Transcriber:
    plain = Transcriber(acoustic=acoustic)
    return replace(plain, hands=replace(plain.hands, calibration=partial(ConfidenceEvaluator, calibration)))


def test_a_calibration_sets_the_threshold(acoustic: Any, recording: Path) -> None:
    calibrated = _with_calibration(acoustic, _calibration("product"))
    result = calibrated(recording, TranscribeOptions(target_accuracy=0.9))
    assert result.confidence is not None
    assert result.confidence.target_accuracy == 0.9
    assert result.confidence.threshold == 0.1
    assert result.confidence.share_accepted == 1.0
    assert result.stages[-2].status == "ran"
    assert result.stages[-2].detail == (
        "temperature of product, calibrated on notes; accepted from 0.100 (91.0% right when held out)"
    )


def test_the_confidence_stage_says_which_stored_target_is_used_and_where_none_is_met(
    acoustic: Any, recording: Path
) -> None:
    calibrated = _with_calibration(acoustic, _calibration("product"))
    result = calibrated(recording, TranscribeOptions(target_accuracy=0.82))
    assert "the threshold for 90%, the next stored above 82.0%" in result.stages[-2].detail
    result = calibrated(recording, TranscribeOptions(target_accuracy=0.95))
    assert "target 95% not met by any threshold, nothing is accepted" in result.stages[-2].detail
    assert result.confidence is not None
    assert (result.confidence.threshold, result.confidence.share_accepted) == (None, 0.0)


def test_notes_that_a_calibration_cannot_judge_are_counted(acoustic: Any, recording: Path) -> None:
    plain = Transcriber(acoustic=acoustic)(recording)
    result = _with_calibration(acoustic, _calibration("fret"))(recording)
    assert result.stages[-2].status == "fallback"
    n = len(result.tab.notes)
    assert f"{n} of {n} notes lack a feature: left uncalibrated" in result.stages[-2].detail
    assert result.tab.notes == plain.tab.notes


def test_progress_rises_through_named_stages(acoustic: Any, recording: Path) -> None:
    calls: list[tuple[str, float]] = []
    Transcriber(acoustic=acoustic)(recording, progress=lambda stage, share: calls.append((stage, share)))
    shares = [share for _, share in calls]
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1
    stages = list(dict.fromkeys(stage for stage, _ in calls))
    assert stages == ["reading", "listening", "fingering", "hearing techniques"]


def test_options_are_checked_before_anything_is_loaded(tmp_path: Path) -> None:
    nowhere = tmp_path / "no weights here"
    with pytest.raises(OptionError, match=r"'start' is not an option.*start_s"):
        transcribe("song.wav", weights=nowhere, start=3.0)
    with pytest.raises(OptionError, match="wrong kind"):
        transcribe("song.wav", weights=nowhere, bpm="fast")
    with pytest.raises(OptionError, match="separate cannot be"):
        transcribe("song.wav", weights=nowhere, separate="maybe")


def test_a_missing_recording_is_an_audio_error(acoustic: Any, tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="does not exist"):
        Transcriber(acoustic=acoustic)(tmp_path / "nope.wav")
