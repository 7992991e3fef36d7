"""What the studio is made of, put together once and handed to whatever answers requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fretscribe.pipeline.tabbing import Hands
from fretscribe.web.event_log import EventLog
from fretscribe.web.folder import StudioFolder
from fretscribe.web.job_queue import JobQueue
from fretscribe.web.store import Store
from fretscribe.web.uploads import MAX_UPLOAD_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """The parts.

    Attributes
    ----------
    folder : StudioFolder
    store : Store
    events : EventLog
    queue : JobQueue
    hands : callable
        Gives the stages that finger and judge anew; may take a moment when first called.
    feedback : Path
        File that keeps what players corrected.
    max_upload_bytes : int
    """

    folder: StudioFolder
    store: Store
    events: EventLog
    queue: JobQueue
    hands: Callable[[], Hands]
    feedback: Path
    max_upload_bytes: int = MAX_UPLOAD_BYTES
