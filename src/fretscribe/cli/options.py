"""Options that several commands share, declared once so that they read alike everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeVar

import typer

from fretscribe.errors import OptionError

DEFAULT_FORMATS = "txt,mid,json"

Output = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="DIR|-",
        help="Folder to write into (made if absent), or - for standard output. Default: beside the input.",
    ),
]
Formats = Annotated[
    list[str],
    typer.Option("-f", "--format", metavar="LIST", help="What to write, separated by commas."),
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print nothing but errors.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")]
TuningText = Annotated[
    str,
    typer.Option(
        "--tuning",
        metavar="NAME|NOTES|auto",
        help='Name, or strings low to high: "drop D", "D2 A2 D3 G3 B3 E4".',
    ),
]
CapoText = Annotated[str, typer.Option("--capo", metavar="N|auto", help="Fret of the capo, 0 for none.")]
Bpm = Annotated[
    float | None, typer.Option("--bpm", metavar="BPM", help="Tempo in beats a minute. Default: estimated.")
]
Meter = Annotated[
    str | None, typer.Option("--meter", metavar="N/M", help="Metre, such as 3/4 or 6/8. Default: estimated.")
]
Downbeat = Annotated[
    float | None,
    typer.Option(
        "--downbeat",
        metavar="SECONDS",
        help="A time at which a bar begins: mends beats that are half a beat off, and misplaced bar lines.",
    ),
]
NoQuantize = Annotated[
    bool,
    typer.Option(
        "--no-quantize",
        help="Leave notes where they were played: beats are found, but no note is given a written place.",
    ),
]
Prefer = Annotated[
    Literal["low", "open", "position"] | None,
    typer.Option(
        "--prefer", help="Fingering to lean to: low frets, open strings, or staying in one position."
    ),
]
MaxSpan = Annotated[
    int | None, typer.Option("--max-span", metavar="N", help="Widest stretch of the hand, in frets.")
]
MaxFret = Annotated[int | None, typer.Option("--max-fret", metavar="N", help="Highest fret to use.")]
Separate = Annotated[
    Literal["auto", "on", "off"],
    typer.Option(
        "--separate",
        help="Take the guitar out of a mix first (needs the extra 'separate'). auto: where more than a guitar"
        " is heard and the model is at hand; on: always, and fetch the model if need be.",
    ),
]
StemName = Annotated[
    Literal["guitar", "other", "bass", "no_vocals"],
    typer.Option("--stem", help="What to listen to after separation."),
]
SeparationModel = Annotated[
    str,
    typer.Option(
        "--separation-model",
        metavar="NAME|DIR",
        help="Model of Demucs, or a folder with its .safetensors file.",
    ),
]
StemsOut = Annotated[
    Path | None,
    typer.Option("--stems-out", metavar="DIR", help="Also write all stems of what is separated there."),
]
DetuneText = Annotated[
    str,
    typer.Option(
        "--detune",
        metavar="auto|off|CENTS",
        help="By how many cents the whole guitar is sharp (flat: negative); auto hears it.",
    ),
]
StringNames = Annotated[
    Literal["letters", "pitches", "numbers"],
    typer.Option("--string-names", help="What stands before the strings of a text tab: E, E2, or 6."),
]
Start = Annotated[float, typer.Option("--start", metavar="SECONDS", help="Where to start listening.")]
End = Annotated[
    float | None, typer.Option("--end", metavar="SECONDS", help="Where to stop. Default: the end.")
]
DeadNotes = Annotated[
    bool,
    typer.Option(
        "--dead-notes",
        help="Also write strokes over damped strings, as x on the strings of the stroke before.",
    ),
]
NoPersonal = Annotated[
    bool,
    typer.Option(
        "--no-personal", help="Leave the habits out that were learned from your corrections (feedback)."
    ),
]
TargetAccuracy = Annotated[
    float,
    typer.Option(
        "--target-accuracy", metavar="P", help="Share of accepted notes that should be right, 0..1."
    ),
]
Weights = Annotated[
    Path | None,
    typer.Option("--weights", metavar="DIR", help="Folder with weights to use instead of the built-in ones."),
]
Tracks = Annotated[
    str | None,
    typer.Option("--tracks", metavar="LIST", help="Track ids, separated by commas. Default: all recordings."),
]
JsonFile = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write every figure as JSON.")]
MarkdownFile = Annotated[
    Path | None, typer.Option("--markdown", metavar="FILE", help="Write the report into a file as well.")
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="Let the workers of a Dask cluster do it instead, such as tcp://host:8786 (needs the extra"
        " 'cluster'; they must see the same files under the same paths).",
    ),
]


AnyPath = TypeVar("AnyPath", Path, Path | None)


def far_path(path: AnyPath, scheduler: str | None) -> AnyPath:
    """A path as workers find it; absolute for a cluster, whose workers stand in other folders."""
    return path if path is None or scheduler is None else path.absolute()


def capo_value(text: str) -> int | Literal["auto"]:
    """Read ``--capo``.

    Raises
    ------
    OptionError
        If it is neither a number nor ``auto``.
    """
    if text == "auto":
        return "auto"
    try:
        return int(text)
    except ValueError:
        raise OptionError(f"{text!r} is not a capo position", mend="write a fret number, or auto") from None


def detune_value(text: str) -> float | Literal["auto", "off"]:
    """Read ``--detune``.

    Raises
    ------
    OptionError
        If it is neither a number nor ``auto`` nor ``off``.
    """
    match text:
        case "auto" | "off":
            return text
    try:
        return float(text)
    except ValueError:
        raise OptionError(f"{text!r} is no detuning", mend="write cents, or auto, or off") from None
