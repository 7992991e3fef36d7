"""The studio in a real headless Chromium: from the dropped recording to the mended tab in a file."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from fretscribe.datasets.idioms import demo_tab
from fretscribe.datasets.synthetic import render
from fretscribe.io.formats import read_tab
from fretscribe.music import Position
from fretscribe.pipeline import load_transcriber
from fretscribe.pipeline.drafting import Draft

sync_api = pytest.importorskip("playwright.sync_api", reason="the extra 'collect' is not installed")

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, CHROMIUMS)), None)
ARGUMENTS = (
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
RATE = 22050

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture
def take(tmp_path: Path) -> Path:
    """Six seconds of a struck string."""
    path = tmp_path / "My take.wav"
    t = np.arange(6 * RATE) / RATE
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 110 * t) * np.exp(-(t % 0.5) * 6), RATE)
    return path


class Opened:
    """A page of a studio, and all that it said and asked for."""

    def __init__(self, browser: Any, address: str, **context: Any) -> None:
        self.address = address
        self.page = browser.new_context(viewport={"width": 1440, "height": 900}, **context).new_page()
        self.told: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.told.append(message.text))
        self.page.on("pageerror", lambda error: self.told.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def see(self, script: str) -> Any:
        return self.page.evaluate(script)

    def wait(self, script: str) -> None:
        """Until a script says yes; the pages' policy forbids Playwright's own way."""
        end = time.monotonic() + 30
        while not self.see(script):
            assert time.monotonic() < end, f"never: {script}; {self.told}"
            time.sleep(0.02)

    def drop(self, recording: Path) -> None:
        """Drop a recording, and wait for the page of its tab."""
        self.page.goto(self.address)
        self.page.set_input_files("#file", recording)
        self.page.wait_for_url("**/jobs/*")
        self.wait_for_tab()

    def wait_for_tab(self) -> None:
        self.wait("Boolean(window.fretscribe?.ready)")

    def wait_for_state(self, state: int) -> None:
        self.wait(f"fretscribe.mending.state === {state} && !fretscribe.mending.busy && fretscribe.ready")

    def saved(self, folder: Path, name: str) -> Path:
        """A file as the menu saves it."""
        with self.page.expect_download() as download:
            self.page.select_option("#save", name)
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        return path

    def end(self) -> None:
        self.page.context.close()
        assert self.told == []
        inside = (self.address, "data:", "blob:")
        assert [url for url in self.asked if not url.startswith(inside)] == []


def test_from_a_dropped_recording_to_a_mended_file(browser: Any, tmp_path: Path, take: Path) -> None:
    from studio_visit import listening

    with listening(tmp_path / "studio") as address:
        studio = Opened(browser, address)
        studio.drop(take)
        page = studio.page
        assert page.inner_text("h1") == "My take"
        assert studio.see("fretscribe.engraving.noteOf.size") == 9

        page.keyboard.press("Space")
        studio.wait("fretscribe.player.time > 0.3")
        assert float(studio.see("new DOMMatrix(document.querySelector('.cursor').style.transform).e")) > 60
        page.keyboard.press("Space")

        page.click("#next-doubtful")
        page.wait_for_selector("#places .place")
        assert page.locator("#places .place").first.inner_text().startswith("string 4 (D), fret 2")
        page.click("#places .place >> nth=1")
        studio.wait_for_state(1)
        assert studio.see("[fretscribe.chosen.string, fretscribe.chosen.fret]") == [1, 7]
        assert studio.see("fretscribe.engraving.noteOf.size") == 9

        page.keyboard.press("Control+z")
        studio.wait_for_state(0)
        assert studio.see("[fretscribe.chosen.string, fretscribe.chosen.fret]") == [2, 2]
        page.keyboard.press("Control+Shift+Z")
        studio.wait_for_state(1)

        page.fill("#anew [name=capo]", "1")
        page.press("#anew [name=capo]", "Enter")
        studio.wait_for_state(2)
        assert "fret 1" in page.inner_text("#facts")
        assert "1 note (E2) left out" in page.inner_text("#warnings")
        assert studio.see("[fretscribe.chosen.string, fretscribe.chosen.fret]") == [1, 6]

        page.reload()
        studio.wait_for_tab()
        assert studio.see("fretscribe.mending.state") == 2
        page.click("#learn")
        page.click("#learning [value=changed]")
        page.wait_for_selector("#said:text('Learned: 1 accepted.')")
        for name in ("gp5", "musicxml", "json"):
            tab = read_tab(studio.saved(tmp_path, name)).tab
            assert tab.tuning.capo == 1
            assert Position(string=1, fret=6) in [n.position for n in tab.notes]
            assert len(tab.notes) == studio.see("fretscribe.song.notes.length")
        studio.end()


def test_keys_mend_what_is_chosen(browser: Any, tmp_path: Path, take: Path) -> None:
    from studio_visit import listening

    with listening(tmp_path / "studio") as address:
        studio = Opened(browser, address)
        studio.drop(take)
        press = studio.page.keyboard.press
        press("n")
        studio.page.wait_for_selector("#places .place")
        ids = studio.see("[...document.querySelectorAll('[id]')].map((found) => found.id)")
        assert len(set(ids)) == len(ids)
        press("ArrowUp")
        studio.wait_for_state(1)
        assert studio.see("fretscribe.chosen.fret") == 3
        press(".")
        studio.wait_for_state(2)
        assert studio.see("fretscribe.chosen.start_s") == 1.125
        studio.page.click("#note-mending summary")
        studio.page.click("#techniques [data-name=vibrato]")
        studio.wait_for_state(3)
        assert studio.see("fretscribe.chosen.techniques") == ["vibrato"]
        press("Delete")
        studio.wait_for_state(4)
        assert studio.see("fretscribe.song.notes.length") == 8
        studio.page.click("#learn")
        press("d")  # keys in a dialog are no keys of the player
        assert studio.see("document.documentElement.dataset.theme") is None
        press("Escape")
        studio.wait("!document.querySelector('#learning').open")
        press("i")
        studio.page.fill("#adding [name=fret]", "12")
        studio.page.click("#adding [value=add]")
        studio.wait_for_state(5)
        assert studio.see("fretscribe.song.notes.some((note) => note.fret === 12)")
        press("a")
        studio.wait("fretscribe.mending.state === 0")
        assert studio.page.is_disabled("#undo")
        press("Delete")  # nothing is mended in what was heard first
        press("a")
        studio.wait_for_state(5)
        press("n")
        press("b")
        studio.wait_for_state(6)
        begins = "fretscribe.song.barAt(fretscribe.chosen.start_s + 0.07)"
        assert studio.see(f"{begins} > fretscribe.song.barAt(fretscribe.chosen.start_s - 0.07)")
        studio.page.fill("#anew [name=capo]", "1")
        studio.page.keyboard.type("2")  # keys in a box are no keys of the player
        assert studio.see("fretscribe.mending.state") == 6
        studio.end()


def test_progress_is_seen_and_a_job_is_cancelled(browser: Any, tmp_path: Path, take: Path) -> None:
    from studio_visit import hear_riff, listening

    go_on = threading.Event()

    def slow(source: Path, options: Any, *, progress: Any = None, watch: Any = None) -> Any:
        progress("separating", 0.25)
        while not go_on.wait(0.05):
            progress("listening", 0.5)
        return hear_riff(source, options, progress=progress, watch=watch)

    with listening(tmp_path / "studio", slow) as address:
        studio = Opened(browser, address)
        page = studio.page
        page.goto(address)
        page.fill("#path", str(take))
        page.click("#take-path")
        page.wait_for_selector("#jobs li.running progress")
        page.wait_for_selector("#jobs .what:text('listening')")
        page.reload()
        page.wait_for_selector("#jobs li.running progress")
        page.fill("#path", str(take))
        page.click("#take-path")
        page.wait_for_selector("#jobs li.queued")
        page.click("#jobs li.running button")
        page.wait_for_selector("#jobs li.cancelled")
        page.wait_for_selector("#jobs li.running")
        go_on.set()
        page.wait_for_url("**/jobs/*")
        studio.wait_for_tab()
        page.click("#all-songs")
        page.wait_for_selector("#jobs li.done a")
        page.once("dialog", lambda dialog: dialog.accept())
        page.click("#jobs li.cancelled button")
        studio.wait("document.querySelectorAll('#jobs li').length === 1")
        page.fill("#path", "/nowhere/x.wav")
        page.click("#take-path")
        page.wait_for_selector("#trouble:not([hidden])")
        assert "does not exist" in page.inner_text("#trouble")
        refused = [told for told in studio.told if "status of 422" in told]
        assert len(refused) == 1, "the browser tells of the path that was refused"
        studio.told.remove(refused[0])
        studio.end()


@pytest.fixture
def long_take(tmp_path: Path) -> Path:
    """Forty-four seconds of rendered guitar: the acoustic model hears them in two chunks."""
    sound = render(demo_tab(), seed=7)
    path = tmp_path / "Long take.wav"
    soundfile.write(path, np.tile(sound.samples[0, : 11 * sound.sample_rate], 4), sound.sample_rate)
    return path


def test_bars_appear_before_all_was_heard(browser: Any, tmp_path: Path, long_take: Path) -> None:
    from studio_visit import listening

    transcriber, go_on = load_transcriber(n_threads=1), threading.Event()

    def held(source: Path, options: Any, *, progress: Any = None, watch: Any = None) -> Any:
        def tell(draft: Draft) -> None:
            watch(draft)
            while not go_on.wait(0.05):
                progress("listening", 0.0)

        return transcriber(source, options, progress=progress, watch=tell)

    with listening(tmp_path / "studio", held) as address:
        studio = Opened(browser, address)
        page = studio.page
        page.goto(address)
        page.set_input_files("#file", long_take)
        page.wait_for_selector("#jobs li.running .draft .fret")
        assert page.inner_text("#jobs .what").startswith("listening")
        assert page.inner_text(".draft-words").startswith("Provisional")
        bars = "[...home.rows.values()].flatMap((row) => row.draft?.bars ?? [])"
        n_bars = studio.see(f"{bars}.length")
        assert n_bars >= 5
        assert studio.see(f"{bars}.at(-1).end_s") < 0.6 * 44
        n_notes = studio.see(f"{bars}.flatMap((bar) => bar.notes).length")
        assert page.locator(".draft .fret").count() == n_notes
        n_lines = page.locator(".draft svg").count()
        page.set_viewport_size({"width": 390, "height": 844})
        studio.wait(f"document.querySelectorAll('.draft svg').length > {n_lines}")
        assert page.locator(".draft .fret").count() == n_notes
        assert studio.see("document.documentElement.scrollWidth") <= 390

        page.reload()
        page.wait_for_selector("#jobs li.running .draft .fret")
        assert page.locator(".draft .fret").count() == n_notes
        studio.see("document.querySelector('#jobs .running button').kept = true")
        page.set_input_files("#file", long_take)
        page.wait_for_selector("#jobs li.queued")
        assert page.locator("#jobs li.queued .draft").count() == 0
        page.click("#jobs li.queued button")
        page.wait_for_selector("#jobs li.cancelled")
        go_on.set()
        studio.wait(f"{bars}.length > {n_bars} || document.querySelector('#jobs .done')")
        page.wait_for_selector("#jobs li.done a")
        assert studio.see("document.querySelector('#jobs .done button').kept"), (
            "it could be clicked all along"
        )
        assert page.locator(".draft").count() == 0
        page.click("#jobs li.done a")
        studio.wait_for_tab()
        assert studio.see("fretscribe.song.notes.length") > n_notes
        studio.end()


def test_the_microphone_is_recorded(browser: Any, tmp_path: Path) -> None:
    """Chromium's own test microphone beeps."""
    from studio_visit import listening

    with listening(tmp_path / "studio") as address:
        studio = Opened(browser, address, permissions=["microphone"])
        studio.page.goto(address)
        studio.page.click("#record")
        studio.page.wait_for_selector("#record-text:text('Stop 0:01')")
        studio.page.click("#record")
        studio.page.wait_for_url("**/jobs/*")
        studio.wait_for_tab()
        assert studio.page.inner_text("h1").startswith("Take 20")
        assert 1.0 < studio.see("fretscribe.song.data.recording.duration_s") < 30.0
        studio.end()


def test_a_phone_shows_all_of_it(browser: Any, tmp_path: Path, take: Path) -> None:
    from studio_visit import listening

    width = 390
    with listening(tmp_path / "studio") as address:
        studio = Opened(browser, address)
        studio.page.set_viewport_size({"width": width, "height": 844})
        studio.drop(take)
        assert studio.see("document.documentElement.scrollWidth") <= width
        studio.page.keyboard.press("n")
        studio.page.wait_for_selector("#places .place")
        box = studio.page.locator("#note").bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width
        assert box["y"] >= 0
        studio.page.goto(address)
        studio.page.wait_for_selector("#jobs li.done")
        assert studio.see("document.documentElement.scrollWidth") <= width
        studio.end()
