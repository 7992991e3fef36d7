"""The main job: a recording in, a `Transcription` out, every stage accounted for."""

from fretscribe.pipeline.loading import load_transcriber, transcribe
from fretscribe.pipeline.options import TranscribeOptions
from fretscribe.pipeline.retabbing import retab
from fretscribe.pipeline.transcriber import Progress, Transcriber

__all__ = [
    "Progress",
    "TranscribeOptions",
    "Transcriber",
    "load_transcriber",
    "retab",
    "transcribe",
]
