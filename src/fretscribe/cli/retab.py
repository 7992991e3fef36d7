"""``fretscribe retab``: another tuning, capo, tempo or hand for a tab that is there; no audio needed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fretscribe.cli import options as o


def retab(
    tab: Annotated[Path, typer.Argument(metavar="TAB", help="A tab, best the .json of a transcription.")],
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
    no_personal: o.NoPersonal = False,
    string_names: o.StringNames = "letters",
) -> None:
    """Finger and count a tab anew, without audio.

    Every note keeps its pitch; what is not given stays as the tab has it.
    """
    from fretscribe.cli.outputs import plan_destination
    from fretscribe.cli.summary import print_summary
    from fretscribe.feedback.store import load_habits
    from fretscribe.io.formats import read_tab
    from fretscribe.io.page_options import PageOptions
    from fretscribe.pipeline import TranscribeOptions
    from fretscribe.pipeline import retab as retab_transcription
    from fretscribe.pipeline.tabbing import Hands, with_habits

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
    )
    page = PageOptions(string_names=string_names)
    destination = plan_destination(output, formats, force=force, n_inputs=1, page=page)
    destination.check(tab)
    old = read_tab(tab)
    destination.check_folder(tab)
    hands = with_habits(Hands(), None if no_personal else load_habits())
    new = retab_transcription(old, options, hands=hands)
    written = destination.write(new, tab)
    if not quiet:
        print_summary(new, tab, written)
        destination.say_losses(new, tab)
