"""``fretscribe transcribe``: recordings in, tabs out; the command that runs when none is named."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fretscribe.cli import options as o


def transcribe(
    recordings: Annotated[list[Path], typer.Argument(metavar="RECORDING", help="Recordings of a guitar.")],
    output: o.Output = None,
    formats: o.Formats = [o.DEFAULT_FORMATS],  # noqa: B006 - typer reads the default, nobody changes it
    quiet: o.Quiet = False,
    force: o.Force = False,
    tuning: o.TuningText = "auto",
    capo: o.CapoText = "auto",
    bpm: o.Bpm = None,
    meter: o.Meter = None,
    prefer: o.Prefer = None,
    max_span: o.MaxSpan = None,
    max_fret: o.MaxFret = None,
    start: o.Start = 0.0,
    end: o.End = None,
    separate: o.Separate = "auto",
    detune: o.DetuneText = "auto",
    target_accuracy: o.TargetAccuracy = 0.8,
    weights: o.Weights = None,
) -> None:
    """Turn recordings into tabs.

    song.wav becomes song.tab.txt, song.mid and song.json.
    """
    from fretscribe.cli.batch import transcribe_files
    from fretscribe.cli.outputs import plan_destination
    from fretscribe.pipeline import TranscribeOptions

    options = TranscribeOptions(
        tuning=tuning,
        capo=o.capo_value(capo),
        bpm=bpm,
        meter=meter,
        prefer=prefer,
        max_span=max_span,
        max_fret=max_fret,
        start_s=start,
        end_s=end,
        separate=separate,
        detune=o.detune_value(detune),
        target_accuracy=target_accuracy,
    )
    sources = list(dict.fromkeys(recordings))
    destination = plan_destination(output, formats, force=force, n_inputs=len(sources))
    code = transcribe_files(sources, destination, options, weights=weights, quiet=quiet)
    if code:
        raise typer.Exit(code)
