"""A tab as one page that opens from disk: engraved, played with its own recording, doubts in colour.

Everything is inside: alphaTab (MPL-2.0) and its music font from ``page/vendor``, the page's own style and
scripts from ``page``, the tab as alphaTex and as data, the recording as MP3. The page's policy lets it load
nothing and run no script but these, whatever a title or a chord may hold. Neighbours: ``html_data`` says what
the page knows, ``html_sound`` compresses the recording, ``alphatex_writer`` writes what alphaTab draws.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from pathlib import Path

from fretscribe.io.alphatex_writer import render_alphatex
from fretscribe.io.html_data import page_data
from fretscribe.io.html_sound import embedded_sound, sound_lack
from fretscribe.io.score_signs import one_line
from fretscribe.io.tab_to_score import tab_to_score, told_losses
from fretscribe.result import Transcription

FOLDER = Path(__file__).parent / "page"
PARTS = (
    "song.js", "engraving.js", "paper.js", "synth.js", "sound.js", "player.js", "timeline.js", "view.js",
    "main.js",
)  # fmt: skip
"""The page's own, in the order that they need each other; who has a song then calls their ``openPage``."""
SCRIPTS = (*PARTS, "embedded.js")
"""With the one that calls it with what lies in the page."""
_PLACE = re.compile(r"\{\{(\w+)\}\}")
_UNTITLED = "Untitled"


def render_html(result: Transcription) -> bytes:
    """The bytes of an ``.html`` file, UTF-8; the same tab and recording give the same bytes.

    Raises
    ------
    OutputError
        If the tab is too long to be engraved.
    AudioError
        If its recording is there but cannot be read.
    """
    score = tab_to_score(result.tab)
    data = page_data(result, score)
    data["alphatex"] = render_alphatex(score).decode()
    lack = sound_lack(result.audio)
    mp3 = b""
    if result.audio is not None and not lack:
        sound = embedded_sound(result.audio)
        mp3 = sound.mp3
        data["recording"] = {"duration_s": round(sound.duration_s, 3), "outline": _base64(sound.outline)}
    else:
        data["recording"] = None
    data["recording_lack"] = lack
    scripts = [_script(_read("vendor/alphaTab.min.js")), *(_script(_read(name)) for name in SCRIPTS)]
    page = fill_page(
        _read("page.html"),
        {
            "policy": _policy(scripts),
            "title": html.escape(one_line(result.tab.title) or _UNTITLED),
            "style": _read("page.css"),
            "data": page_json(data),
            "font": _base64((FOLDER / "vendor" / "Bravura.woff2").read_bytes()),
            "recording": _base64(mp3),
            "scripts": "\n".join(f"<script>{script}</script>" for script in scripts),
        },
    )
    return page.encode("utf-8", "replace")


def html_losses(result: Transcription) -> tuple[str, ...]:
    """What a page of this tab would lack."""
    lack = sound_lack(result.audio) if result.audio is not None else ""
    return (*told_losses(tab_to_score(result.tab)), *([f"the recording ({lack})"] if lack else []))


def _policy(scripts: list[str]) -> str:
    """Nothing is loaded from anywhere, and no script runs but those that were written here."""
    hashes = " ".join(f"'sha256-{_base64(hashlib.sha256(s.encode()).digest())}'" for s in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; font-src data:; "
        "media-src blob:; base-uri 'none'; form-action 'none'"
    )


def _script(text: str) -> str:
    if re.search(r"</script|<!--", text, re.IGNORECASE):
        raise ValueError("a script that is put into a page must not end it")
    return text


def page_json(data: Mapping[str, object]) -> str:
    """JSON that HTML cannot take for tags, whatever its strings hold."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def fill_page(template: str, values: Mapping[str, str]) -> str:
    """Every ``{{name}}`` of the template by its value; what a value holds is not looked at again."""
    return _PLACE.sub(lambda place: values[place[1]], template)


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
