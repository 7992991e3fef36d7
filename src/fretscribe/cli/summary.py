"""The few lines after a transcription: what was heard and where it is written."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from fretscribe.cli.report import warning_line
from fretscribe.result import Stage, Transcription
from fretscribe.symbols import key_name
from fretscribe.tunings import tuning_name, tuning_text


def print_summary(result: Transcription, source: Path, written: Sequence[Path]) -> None:
    """Print the summary and the warnings on stderr."""
    rows = summary_rows(result) + [("wrote", str(path)) for path in written]
    lines = [str(source), *(f"  {name:<7} {text}" for name, text in rows)]
    sys.stderr.write("\n".join(lines) + "\n")
    for warning in result.warnings:
        warning_line(f"{source}: {warning}")


def summary_rows(result: Transcription) -> list[tuple[str, str]]:
    """Names and texts of the summary's rows, without the files."""
    tab = result.tab
    rows = [("tuning", _tuning(result))]
    stage = _tuning_stage(result)
    if stage is not None and stage.status == "fallback":
        rows.append(("", stage.detail))
    rows += [("mix", s.detail) for s in result.stages if s.name == "separation" and s.status == "ran"]
    if tab.notes and tab.beats is not None:
        rows.append(
            ("tempo", f"{tab.beats.tempo_bpm:.0f} bpm, {tab.beats.beats_per_bar}/{tab.beats.beat_unit}")
        )
    if tab.key is not None:
        rows.append(("key", key_name(tab.key)))
    rows.append(("notes", _notes(result)))
    fingering = next((stage.detail for stage in result.stages if stage.name == "fingering"), "")
    if personal := fingering.partition("; ")[2]:
        rows.append(("", personal))
    return rows


def _tuning(result: Transcription) -> str:
    tuning = result.tab.tuning
    name, strings = tuning_name(tuning), tuning_text(tuning)
    spelled = strings if name == strings else f"{name} ({strings})"
    capo = f"capo {tuning.capo}" if tuning.capo else "no capo"
    return f"{spelled}, {capo}{_how_sure(result)}{_detune(result)}"


def _how_sure(result: Transcription) -> str:
    """Such as ``, 93 % sure``, or ``, assumed``; nothing where tuning and capo were given."""
    stage = _tuning_stage(result)
    if stage is None or stage.status == "skipped":
        return ""
    if stage.status == "ran" and result.tuning_confidence is not None:
        return f", {100 * result.tuning_confidence:.0f} % sure"
    return ", assumed"


def _tuning_stage(result: Transcription) -> Stage | None:
    return next((stage for stage in result.stages if stage.name == "tuning"), None)


def _detune(result: Transcription) -> str:
    """Such as ``, 32 cents sharp``, where that was corrected."""
    corrected = any(stage.name == "detune" and stage.status == "ran" for stage in result.stages)
    if result.detune_cents is None or not corrected:
        return ""
    return f", {abs(result.detune_cents):.0f} cents {'sharp' if result.detune_cents > 0 else 'flat'}"


def _notes(result: Transcription) -> str:
    count = str(len(result.tab.notes))
    confidence = result.confidence
    if confidence is None or confidence.share_accepted is None:
        return f"{count}, confidence not calibrated"
    share, target = 100 * confidence.share_accepted, 100 * confidence.target_accuracy
    return f"{count}, {share:.0f} % accepted at {target:.0f} % accuracy"
