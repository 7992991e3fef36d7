"""``fretscribe transcribe``: recordings in, tabs out; the command that runs when none is named."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fretscribe.cli import options as o


def transcribe(
    recordings: Annotated[
        list[Path],
        typer.Argument(
            metavar="RECORDING", help="Recordings of a guitar, folders of them, or - for standard input."
        ),
    ],
    output: o.Output = None,
    formats: o.Formats = [o.DEFAULT_FORMATS],  # noqa: B006 - typer reads the default, nobody changes it
    quiet: o.Quiet = False,
    force: o.Force = False,
    tuning: o.TuningText = "auto",
    capo: o.CapoText = "auto",
    bpm: o.Bpm = None,
    meter: o.Meter = None,
    downbeat: o.Downbeat = None,
    no_quantize: o.NoQuantize = False,
    prefer: o.Prefer = None,
    max_span: o.MaxSpan = None,
    max_fret: o.MaxFret = None,
    start: o.Start = 0.0,
    end: o.End = None,
    separate: o.Separate = "auto",
    stem: o.StemName = "guitar",
    separation_model: o.SeparationModel = "htdemucs_6s",
    stems_out: o.StemsOut = None,
    detune: o.DetuneText = "auto",
    dead_notes: o.DeadNotes = False,
    target_accuracy: o.TargetAccuracy = 0.8,
    no_personal: o.NoPersonal = False,
    string_names: o.StringNames = "letters",
    weights: o.Weights = None,
) -> None:
    """Turn recordings into tabs.

    song.wav becomes song.tab.txt, song.mid and song.json.
    """
    from fretscribe.cli.batch import transcribe_files
    from fretscribe.cli.inputs import expand_recordings, standard_input_kept
    from fretscribe.cli.outputs import plan_destination
    from fretscribe.cli.report import note_line
    from fretscribe.feedback.store import load_habits
    from fretscribe.io.page_options import PageOptions
    from fretscribe.pipeline import TranscribeOptions
    from fretscribe.pipeline.separating import Separation

    options = TranscribeOptions(
        tuning=tuning,
        capo=o.capo_value(capo),
        bpm=bpm,
        meter=meter,
        downbeat_s=downbeat,
        quantize=not no_quantize,
        prefer=prefer,
        max_span=max_span,
        max_fret=max_fret,
        start_s=start,
        end_s=end,
        separate=separate,
        stem=stem,
        detune=o.detune_value(detune),
        dead_notes=dead_notes,
        target_accuracy=target_accuracy,
    )
    sources = expand_recordings(recordings, output=output)
    page = PageOptions(string_names=string_names)
    destination = plan_destination(output, formats, force=force, n_inputs=len(sources), page=page)
    separation = Separation(model=separation_model, stems_out=stems_out, force=force, say=note_line)
    with standard_input_kept(sources) as (files, standard_input):
        code = transcribe_files(
            files,
            destination,
            options,
            separation=separation,
            habits=None if no_personal else load_habits(),
            weights=weights,
            quiet=quiet,
            standard_input=standard_input,
        )
    if code:
        raise typer.Exit(code)
