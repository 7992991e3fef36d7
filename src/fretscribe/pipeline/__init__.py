"""The main job: a recording in, a `Transcription` out, every stage accounted for."""

from fretscribe.pipeline.options import TranscribeOptions
from fretscribe.pipeline.retabbing import retab
from fretscribe.pipeline.transcriber import Progress, Transcriber, load_transcriber, transcribe

__all__ = [
    "Progress",
    "TranscribeOptions",
    "Transcriber",
    "load_transcriber",
    "retab",
    "transcribe",
]
