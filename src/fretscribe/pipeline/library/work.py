"""The work on one recording of a library, here or elsewhere: transcribe it, and render every format.

It writes nothing, so that a worker may be killed at any moment and on any machine. Networks are loaded
once a process. Neighbours: ``run`` sends these out and writes what comes back.
"""

from __future__ import annotations

import functools
import hashlib
import json
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from fretscribe import __version__
from fretscribe.errors import WeightsError
from fretscribe.io.formats import losses_of, render_tab
from fretscribe.io.page_options import PageOptions
from fretscribe.models.weights import DEFAULT_FOLDER, sha256_of
from fretscribe.pipeline.options import TranscribeOptions
from fretscribe.pipeline.separating import Separation
from fretscribe.pipeline.tabbing import with_habits
from fretscribe.pipeline.transcriber import Transcriber
from fretscribe.result import Transcription
from fretscribe.symbolic.calibration import FILE_NAME
from fretscribe.symbolic.habits import Habits
from fretscribe.tunings import tuning_name

LoadTranscriber = Callable[[Path | None], Transcriber]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What there is to say of a transcription in one line.

    Attributes
    ----------
    sha256 : str
        Of the recording.
    duration_s : float
        Of the whole recording.
    n_notes : int
    tuning : str
    share_accepted : float, or None
        Notes at or above the threshold of confidence over all notes.
    warnings : tuple of str
    work_s : float
        Seconds that a worker was at it.
    """

    sha256: str
    duration_s: float
    n_notes: int
    tuning: str
    share_accepted: float | None
    warnings: tuple[str, ...]
    work_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The files of a recording, not yet written: format -> bytes, and its summary."""

    files: Mapping[str, bytes]
    summary: Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Call it with the path of a recording. It can be pickled if its parts can.

    Attributes
    ----------
    options : TranscribeOptions
    formats : tuple of str
    page : PageOptions
    weights : Path, or None
        Folder with weights; absolute.
    networks : mapping of name to sha256
        Weights that every worker must have (`Transcriber.weights`).
    separation : Separation, or None
    habits : Habits, or None
    load : callable
        Makes the transcriber from the weights; a function that can be imported.
    """

    options: TranscribeOptions
    formats: tuple[str, ...]
    load: LoadTranscriber
    page: PageOptions = PageOptions()  # noqa: RUF009 - frozen
    weights: Path | None = None
    networks: Mapping[str, str] = field(default_factory=dict)
    separation: Separation | None = None
    habits: Habits | None = None

    def __call__(self, source: Path) -> Rendered:
        """Transcribe and render.

        Raises
        ------
        FretscribeError
            If the recording cannot be read, or a format cannot hold the tab.
        """
        started_s = time.monotonic()
        result = self._transcriber()(source, self.options)
        files = {name: render_tab(result, name, page=self.page) for name in self.formats}
        lost = filter(None, (losses_of(result, name) for name in self.formats))
        return Rendered(files=files, summary=_summary(result, tuple(lost), time.monotonic() - started_s))

    def recipe(self) -> str:
        """A hash of all that decides what comes out of a recording, but for the recording."""
        separation = self.separation
        parts = {
            "program": __version__,
            "options": asdict(self.options),
            "formats": sorted(self.formats),
            "page": asdict(self.page),
            "networks": dict(self.networks),
            "calibration": _calibration_sha256(self.weights),
            "separation": None if separation is None else [separation.model, separation.is_installed()],
            "habits": None if self.habits is None else repr(self.habits),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _transcriber(self) -> Transcriber:
        loaded = _loaded(self.load, self.weights)
        if self.networks and loaded.weights() != dict(self.networks):
            raise WeightsError(
                f"the worker on {socket.gethostname()} has other weights",
                mend="install the same version there",
            )
        made = replace(loaded, hands=with_habits(loaded.hands, self.habits))
        return made if self.separation is None else replace(made, separate=self.separation)


def _calibration_sha256(weights: Path | None) -> str:
    own = None if weights is None else weights / FILE_NAME
    path = own if own is not None and own.exists() else DEFAULT_FOLDER / FILE_NAME
    return sha256_of(path) if path.exists() else ""


@functools.lru_cache(maxsize=1)
def _loaded(load: LoadTranscriber, weights: Path | None) -> Transcriber:
    return load(weights)


def _summary(result: Transcription, lost: tuple[str, ...], work_s: float) -> Summary:
    tuning, audio, confidence = result.tab.tuning, result.audio, result.confidence
    capo = f", capo {tuning.capo}" if tuning.capo else ""
    return Summary(
        sha256="" if audio is None else audio.sha256,
        duration_s=result.tab.duration_s if audio is None else audio.duration_s,
        n_notes=len(result.tab.notes),
        tuning=tuning_name(tuning) + capo,
        share_accepted=None if confidence is None else confidence.share_accepted,
        warnings=result.warnings + lost,
        work_s=round(work_s, 3),
    )
