"""The page as bytes: whole, closed to the network, safe with any text, and the same every time."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings

from alphatab import alphatab_folder
from fretscribe.io.audio import file_sha256
from fretscribe.io.html_data import page_data
from fretscribe.io.html_sound import LONGEST_S, SAMPLE_RATE, outline, sound_lack
from fretscribe.io.html_writer import FOLDER, SCRIPTS, html_losses, render_html
from fretscribe.io.tab_to_score import bar_beats, tab_to_score
from fretscribe.music import Chord, Tab
from fretscribe.result import AudioInfo, Transcription
from random_tabs import random_tab
from strategies import tab_note, tab_of, transcriptions

ROOT = Path(__file__).parents[2]
EVIL = "</script><script>alert(1)</script><!-- {{data}} \" ' & <b>"
TAB = tab_of(
    tab_note(0, 3, 0, confidence=0.9), tab_note(4, 1, 1, confidence=0.4), tab_note(5, 0, 2), title="A song"
)


class _Page(HTMLParser):
    """Every tag with its attributes and text."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None], str]] = []
        self._is_open = False
        self.feed(page.decode("utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs), ""))
        self._is_open = True

    def handle_endtag(self, tag: str) -> None:
        self._is_open = False

    def handle_data(self, data: str) -> None:
        if self._is_open:
            tag, attributes, text = self.tags[-1]
            self.tags[-1] = (tag, attributes, text + data)

    def text(self, tag: str, **wanted: str) -> str:
        (found,) = (t for name, a, t in self.tags if name == tag and wanted.items() <= a.items())
        return found

    @property
    def scripts(self) -> list[str]:
        return [text for tag, attributes, text in self.tags if tag == "script" and "type" not in attributes]


def _recording(path: Path, *, seconds: float = 2.0) -> AudioInfo:
    rate = 44100
    times = np.arange(round(seconds * rate)) / rate
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * 220 * times) * np.exp(-times), rate)
    return AudioInfo(path=str(path), duration_s=seconds, sha256=file_sha256(path))


def test_the_page_is_whole_and_loads_nothing() -> None:
    page = _Page(render_html(Transcription(tab=TAB)))
    loading = {"link", "img", "iframe", "object", "embed", "base", "audio", "video", "source", "form[action]"}
    assert not {tag for tag, _, _ in page.tags} & loading
    assert not [a for _, a, _ in page.tags if {"src", "href", "srcset", "action", "data"} & a.keys()]
    assert not [a for _, a, _ in page.tags if any(name.startswith("on") for name in a)]
    assert not re.search(r"url\(|@import", page.text("style"))
    assert len(page.scripts) == 1 + len(SCRIPTS)
    assert base64.b64decode(page.text("script", id="font-data")).startswith(b"wOF2")
    assert not [name for name in SCRIPTS if re.search(r"https?://|fetch\(|XMLHttp|eval\(", _own(name))]


def _own(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def test_only_the_pages_own_scripts_may_run() -> None:
    page = _Page(render_html(Transcription(tab=TAB)))
    policy = next(a["content"] for t, a, _ in page.tags if t == "meta" and "http-equiv" in a)
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    hashes = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in page.scripts]
    (scripts,) = re.findall(r"script-src ([^;]*)", policy)
    assert scripts == " ".join(f"'sha256-{h}'" for h in hashes)
    assert "connect-src" not in policy


def test_no_text_of_a_file_becomes_html() -> None:
    tab = tab_of(
        tab_note(0, 3, 0),
        title=EVIL,
        chords=(Chord(start_s=0.0, end_s=1.0, name=EVIL),),
        provenance={"artist": EVIL},
    )
    audio = AudioInfo(path=f"x/{EVIL}", duration_s=1.0, sha256="0" * 64)
    page, plain = (
        _Page(render_html(Transcription(tab=tab, audio=audio))),
        _Page(render_html(Transcription(tab=TAB))),
    )
    assert [(t, a.get("id")) for t, a, _ in page.tags] == [(t, a.get("id")) for t, a, _ in plain.tags]
    assert page.scripts == plain.scripts
    data = json.loads(page.text("script", id="data"))
    assert data["title"] == EVIL
    assert data["chords"][0]["name"] == EVIL
    assert EVIL.rpartition("/")[2] in data["recording_lack"]
    assert page.text("title") == page.text("h1") == EVIL


@settings(max_examples=25, deadline=None)
@given(transcriptions())
def test_any_tab_has_data_that_a_browser_reads(result: Transcription) -> None:
    score = tab_to_score(result.tab)
    data = json.loads(json.dumps(page_data(result, score), allow_nan=False))
    assert len(data["notes"]) == len(result.tab.notes)
    assert data["title"] == result.tab.title
    assert len(data["bars"]) == len(score.bars) + 1
    assert data["bars"] == sorted(set(data["bars"]))
    assert isinstance(sound_lack(result.audio), str)


@pytest.mark.parametrize("seed", range(40))
def test_bars_lie_where_their_notes_are_played(seed: int) -> None:
    tab = random_tab(seed)
    assert tab.beats is not None
    score = tab_to_score(tab)
    bars = bar_beats(tab, score)
    places: list[tuple[float, int]] = []
    for start, bar in zip(bars, score.tracks[0].bars, strict=False):
        for beat in bar.beats:
            at = start + float(beat.start) * tab.beats.beat_unit / 4
            places += [(at, n.string) for n in beat.notes if n.string is not None and not n.tied]
    played = [(float(n.onset_beats), n.position.string) for n in tab.notes if n.onset_beats is not None]
    gaps = [abs(a - b) for (a, _), (b, _) in zip(sorted(places), sorted(played), strict=True)]
    assert max(gaps) <= 0.5
    assert sum(gap < 1e-9 for gap in gaps) >= 0.9 * len(gaps)
    assert set(tab.beats.downbeats) >= {b for b in bars[1:-1] if b <= tab.beats.downbeats[-1]}


def test_a_tab_without_beats_stands_in_seconds() -> None:
    tab = Tab(tuning=TAB.tuning, notes=TAB.notes)
    data = page_data(Transcription(tab=tab), tab_to_score(tab))
    assert data["tempo_bpm"] is data["meter"] is None
    assert data["beats_s"] == [0.0, 0.5]
    assert data["bars"] == [0.0, 4.0]


def test_the_recording_is_inside(tmp_path: Path) -> None:
    result = Transcription(tab=TAB, audio=_recording(tmp_path / "song.wav"))
    written = render_html(result)
    assert written == render_html(result)
    assert html_losses(result) == ()
    page = _Page(written)
    data = json.loads(page.text("script", id="data"))
    assert data["recording"]["duration_s"] == 2.0
    assert data["recording_lack"] == ""
    assert max(base64.b64decode(data["recording"]["outline"])) == 255
    mp3 = base64.b64decode(page.text("script", id="recording-data"))
    assert len(mp3) < 40_000 * 2
    samples, rate = soundfile.read(io.BytesIO(mp3))
    assert rate == SAMPLE_RATE
    assert samples.ndim == 1
    assert abs(np.abs(samples).max() - 0.5) < 0.05
    assert str(tmp_path) not in written.decode(), "where it lay is nobody's business"


def test_what_is_not_the_recording_any_more_stays_out(tmp_path: Path) -> None:
    audio = _recording(tmp_path / "song.wav", seconds=0.5)
    long = AudioInfo(path=audio.path, duration_s=LONGEST_S + 1, sha256=audio.sha256)
    odd = AudioInfo(path="a\0b.wav", duration_s=1.0, sha256=audio.sha256)
    assert sound_lack(audio) == ""
    assert sound_lack(None) == "this tab was not heard from a recording"
    assert sound_lack(AudioInfo(path="", duration_s=1.0, sha256="")) == sound_lack(None)
    assert sound_lack(long) == "song.wav is longer than 30 minutes"
    assert sound_lack(odd).endswith("is not there any more")
    (tmp_path / "song.wav").write_bytes(b"another")
    result = Transcription(tab=TAB, audio=audio)
    assert html_losses(result) == ("the recording (song.wav has changed since it was heard)",)
    (tmp_path / "song.wav").unlink()
    assert html_losses(result) == ("the recording (song.wav is not there any more)",)
    data = json.loads(_Page(render_html(result)).text("script", id="data"))
    assert data["recording"] is None
    assert data["recording_lack"] == "song.wav is not there any more"
    assert html_losses(Transcription(tab=TAB)) == ()


def test_an_outline_has_the_loudest_of_each_stretch() -> None:
    ramp = np.linspace(0, -1, 1000, dtype=np.float32)
    drawn = outline(ramp, 10)
    assert len(drawn) == 10
    assert list(drawn) == sorted(drawn)
    assert drawn[-1] == 255
    assert outline(np.zeros(3, dtype=np.float32), 10) == bytes(3)


def test_a_page_without_a_recording_is_small() -> None:
    assert len(render_html(Transcription(tab=TAB))) < 1_700_000


def test_the_engraver_that_ships_is_the_one_that_tests_compare_with() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (version,) = re.findall(r"^ALPHATAB := (\S+)$", makefile, flags=re.MULTILINE)
    vendor = FOLDER / "vendor"
    assert f"alphaTab v{version} " in (vendor / "alphaTab.min.js").read_text(encoding="utf-8")[:200]
    assert "Mozilla Public License" in (vendor / "alphaTab-LICENSE.txt").read_text(encoding="utf-8")
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    for owner in (f"alphaTab {version}", "Bravura"):
        assert owner in notice
    package = alphatab_folder() / "node_modules" / "@coderline" / "alphatab"
    for name, original in (
        ("alphaTab.min.js", "dist/alphaTab.min.js"),
        ("alphaTab-LICENSE.txt", "LICENSE"),
        ("Bravura.woff2", "dist/font/Bravura.woff2"),
        ("Bravura-OFL.txt", "dist/font/Bravura-OFL.txt"),
    ):
        assert (vendor / name).read_bytes() == (package / original).read_bytes(), f"make vendor brings {name}"
