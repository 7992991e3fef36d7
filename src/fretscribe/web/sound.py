"""The recording as the page of a job plays it, made once: mono MP3 and its outline, beside the recording.

Neighbours: ``io.html_sound`` compresses, as it does for pages that open from disk; ``tab_api`` hands it out.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from fretscribe.io.atomic import write_bytes
from fretscribe.io.html_sound import embedded_sound, sound_lack
from fretscribe.result import AudioInfo

_SOUND, _FACTS = "sound.mp3", "sound.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSound:
    """What a page plays, or why it cannot.

    Attributes
    ----------
    mp3 : Path
    facts : mapping or None
        ``duration_s`` and ``outline`` (base64), as a page that opens from disk has them; None without sound.
    lack : str
        Why there is no sound, "" where there is.
    """

    mp3: Path
    facts: dict[str, object] | None
    lack: str


def keep_sound(folder: Path, audio: AudioInfo | None) -> None:
    """Make what `kept_sound` finds.

    Raises
    ------
    FretscribeError
        If the recording cannot be read any more, or nothing can be written.
    """
    lack = sound_lack(audio)
    facts = None
    if audio is not None and not lack:
        sound = embedded_sound(audio)
        write_bytes(folder / _SOUND, sound.mp3, force=True)
        outline = base64.b64encode(sound.outline).decode("ascii")
        facts = {"duration_s": round(sound.duration_s, 3), "outline": outline}
    write_bytes(folder / _FACTS, json.dumps({"facts": facts, "lack": lack}).encode(), force=True)


def kept_sound(folder: Path) -> KeptSound:
    """What `keep_sound` made for a job that is done."""
    try:
        kept = json.loads((folder / _FACTS).read_bytes())
    except FileNotFoundError:
        kept = {"facts": None, "lack": "it was deleted"}
    return KeptSound(mp3=folder / _SOUND, facts=kept["facts"], lack=kept["lack"])
