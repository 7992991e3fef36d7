"""Writes the reference of the Python API from its docstrings: ``python -m fretscribe.cli.api_reference``.

A test holds ``docs/api-reference.md`` to what this prints. Neighbour: ``reference`` does it for commands.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

_HEAD = """# Reference of the Python API

Generated from docstrings by `python -m fretscribe.cli.api_reference > docs/api-reference.md`; a test keeps it
current. How the parts go together, with examples: [api.md](api.md). Whatever stands in `fretscribe.__all__`
can be imported from `fretscribe` itself.
"""

_SECTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "From a recording to a tab": (
            "fretscribe.pipeline.transcribe",
            "fretscribe.pipeline.load_transcriber",
            "fretscribe.pipeline.Transcriber",
            "fretscribe.pipeline.TranscribeOptions",
            "fretscribe.pipeline.retab",
            "fretscribe.pipeline.importing.import_tab",
        ),
        "Results": (
            "fretscribe.result.Transcription",
            "fretscribe.result.Stage",
            "fretscribe.result.AudioInfo",
            "fretscribe.result.ConfidenceSummary",
        ),
        "Notes, strings and tabs": (
            "fretscribe.music.Tab",
            "fretscribe.music.TabNote",
            "fretscribe.music.Note",
            "fretscribe.music.Position",
            "fretscribe.music.Alternative",
            "fretscribe.music.Tuning",
            "fretscribe.music.BeatGrid",
            "fretscribe.music.Key",
            "fretscribe.music.Chord",
        ),
        "Sound and probabilities": (
            "fretscribe.frames.Audio",
            "fretscribe.frames.FrameGrid",
            "fretscribe.frames.StringRoll",
            "fretscribe.frames.FretProbs",
        ),
        "Files": (
            "fretscribe.io.audio.read_audio",
            "fretscribe.io.formats.read_tab",
            "fretscribe.io.formats.write_tab",
            "fretscribe.io.formats.render_tab",
            "fretscribe.io.page_options.PageOptions",
            "fretscribe.io.ascii_tab.write_ascii",
            "fretscribe.io.midi.render_midi",
        ),
        "Networks": (
            "fretscribe.models.acoustic.load_acoustic",
            "fretscribe.models.acoustic.AcousticModel",
            "fretscribe.models.tabcnn.load_tabcnn",
            "fretscribe.models.tabcnn.TabCNN",
            "fretscribe.models.lstm.load_lstm",
            "fretscribe.models.lstm.LSTMPredictor",
        ),
        "Separation": (
            "fretscribe.pipeline.separating.Separation",
            "fretscribe.separation.demucs_processor.load_demucs",
            "fretscribe.separation.demucs_processor.DemucsProcessor",
        ),
        "Notes, hands and time": (
            "fretscribe.symbolic.decode.decode_notes",
            "fretscribe.symbolic.evidence.hear_strings",
            "fretscribe.symbolic.tuning.estimate_tuning",
            "fretscribe.symbolic.tuning.TuningEstimate",
            "fretscribe.symbolic.fingering.finger",
            "fretscribe.symbolic.fingering.FingeringOptions",
            "fretscribe.symbolic.fingering.Fingering",
            "fretscribe.symbolic.confidence.ConfidenceEvaluator",
            "fretscribe.symbolic.rhythm.track_beats",
            "fretscribe.symbolic.rhythm.quantize",
            "fretscribe.symbolic.theory.analyse_harmony",
            "fretscribe.symbolic.theory.Harmony",
        ),
        "Feedback": (
            "fretscribe.feedback.store.load_habits",
            "fretscribe.feedback.store.FeedbackStore",
        ),
        "Truth to test with": (
            "fretscribe.datasets.idioms.demo_tab",
            "fretscribe.datasets.synthetic.render",
        ),
    }
)


def api_reference() -> str:
    """The whole reference as Markdown."""
    parts = [_HEAD]
    for title, names in _SECTIONS.items():
        parts.append(f"## {title}\n")
        parts += [_entry(name) for name in names]
    errors = importlib.import_module("fretscribe.errors")
    parts.append(f"## Errors\n\n```text\n{inspect.cleandoc(errors.__doc__ or '')}\n```\n")
    return "\n".join(parts)


def _entry(name: str) -> str:
    home, _, own_name = name.rpartition(".")
    value = getattr(importlib.import_module(home), own_name)
    lines = _class_lines(value) if inspect.isclass(value) else _function_lines(own_name, value)
    text = "\n".join(lines).rstrip()
    return f"### {own_name}\n\n`from {home} import {own_name}`\n\n```text\n{text}\n```\n"


def _class_lines(found: type) -> Iterator[str]:
    yield from _indented(inspect.cleandoc(found.__doc__ or ""), "")
    if dataclasses.is_dataclass(found):
        yield ""
        yield "Fields"
        yield from (f"    {field.name}: {field.type}{_default(field)}" for field in dataclasses.fields(found))
    for name, member in vars(found).items():
        if name.startswith("_") and name != "__call__":
            continue
        if isinstance(member, property) and member.fget is not None and member.fget.__doc__:
            yield ""
            yield f"{name}: {member.fget.__annotations__['return']}"
            yield from _indented(inspect.cleandoc(member.fget.__doc__))
        elif isinstance(member, classmethod):
            yield ""
            yield from _function_lines(name, member.__func__)
        elif inspect.isfunction(member):
            yield ""
            yield from _function_lines(name, member)


def _function_lines(name: str, function: Callable[..., object]) -> Iterator[str]:
    signature = inspect.signature(function)
    parts: list[str] = []
    starred = False
    for parameter in signature.parameters.values():
        if parameter.name in ("self", "cls"):
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            parts.append("*")
            starred = True
        stars = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
        stars = "**" if parameter.kind is parameter.VAR_KEYWORD else stars
        starred = starred or stars == "*"
        default = "" if parameter.default is parameter.empty else f" = {_shown(parameter.default)}"
        parts.append(f"{stars}{parameter.name}: {parameter.annotation}{default}")
    returned = f" -> {signature.return_annotation}"
    whole = f"{name}({', '.join(parts)}){returned}"
    if len(whole) <= 100:
        yield whole
    else:
        yield f"{name}("
        yield from (f"    {part}," for part in parts)
        yield f"){returned}"
    yield from _indented(inspect.cleandoc(function.__doc__ or ""))


def _indented(text: str, by: str = "    ") -> Iterator[str]:
    return (f"{by}{line}".rstrip() for line in text.splitlines())


def _default(field: dataclasses.Field[object]) -> str:
    if field.default is not dataclasses.MISSING:
        return f" = {_shown(field.default)}"
    return "" if field.default_factory is dataclasses.MISSING else " = ..."


def _shown(default: object) -> str:
    """A default as one would write it; values that are no plain ones are left to the docstring."""
    if default is None or isinstance(default, bool | int | float | str | tuple):
        return repr(default)
    return getattr(default, "__name__", "...")


if __name__ == "__main__":
    sys.stdout.write(api_reference())
