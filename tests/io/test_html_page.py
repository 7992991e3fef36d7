"""Songs as pages, opened from disk by a real headless Chromium without a network."""

from __future__ import annotations

import dataclasses
import itertools
import shutil
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from fretscribe.io.audio import file_sha256
from fretscribe.io.html_writer import render_html
from fretscribe.music import Alternative, BeatGrid, Chord, Key, Note, Position, Tab, TabNote, Tuning
from fretscribe.result import AudioInfo, ConfidenceSummary, Transcription

sync_api = pytest.importorskip("playwright.sync_api", reason="the extra 'collect' is not installed")

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, CHROMIUMS)), None)
SOUND = ("--autoplay-policy=no-user-gesture-required", "--mute-audio", "--no-sandbox")
BEAT_S = 0.5
N_BEATS, N_BEATS_LONG = 40, 360  # of a song that is opened soon, and of one that lasts three minutes
CLICKS_S = (1.0, 6.25, 18.5)
DURATION_S, DURATION_LONG_S = 22.0, 182.0
RATE = 16_000
SPOT_OF_NOTE = """(() => {
  const note = fretscribe.song.notes[N_TH];
  const head = fretscribe.engraving.heads.get(fretscribe.engraving.drawnOf.get(note));
  const box = byId("score").getBoundingClientRect();
  return [box.left + head.x + head.w / 2, box.top + head.y + head.h / 2, note.start_s];
})()"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


def _song(n_beats: int = N_BEATS) -> Tab:
    """Eighth notes, two of three struck together with another; beats that drift, off-beats that come late."""
    tuning = Tuning(capo=2)
    beats = tuple(i * BEAT_S + 0.04 * np.sin(i / 9) + 0.05 for i in range(n_beats + 1))
    grid = BeatGrid(beat_times_s=beats, downbeats=tuple(range(0, n_beats, 4)))
    notes = []
    for i in range(2 * n_beats):
        beat = Fraction(i, 2)
        for string in {i % 6, (i + 3) % 6} if i % 3 else {i % 6}:
            place = Position(string=string, fret=(i // 8 + string) % 5)
            onset_s = grid.time_at(beat) + (0.02 if i % 2 else -0.015 if i else 0.0)
            note = Note(onset_s=onset_s, offset_s=onset_s + 0.2, pitch=tuning.pitch(place))
            other = Alternative(position=Position(string=0, fret=9), probability=0.25)
            notes.append(
                TabNote(
                    note=note,
                    position=place,
                    onset_beats=beat,
                    duration_beats=Fraction(1, 2),
                    confidence=(0.95, 0.9, 0.85, 0.6, 0.95, 0.9, 0.3)[i % 7],
                    alternatives=(other,),
                )
            )
    return Tab(
        tuning=tuning,
        notes=tuple(sorted(notes, key=lambda n: (n.note.onset_s, n.position.string))),
        beats=grid,
        key=Key(tonic=4, mode="minor"),
        chords=tuple(
            Chord(start_s=beats[i], end_s=beats[i + 4], name=name)
            for i, name in zip(range(0, n_beats, 4), itertools.cycle(("Em", "C", "G", "D/F#")), strict=False)
        ),
        title="A song </script><script>window.hurt = 1</script>",
    )


def _muted(tab: Tab) -> Tab:
    """The same song, palm-muted after every bar's first eighth, over which a long name stands."""
    muted = frozenset({"palm_mute"})
    notes = (dataclasses.replace(n, techniques=muted) if (n.onset_beats or 0) % 4 else n for n in tab.notes)
    chords = (dataclasses.replace(chord, name="Ebmaj7/Bb") for chord in tab.chords)
    return dataclasses.replace(tab, notes=tuple(notes), chords=tuple(chords))


def _recording(path: Path, duration_s: float) -> AudioInfo:
    samples = np.zeros(round(duration_s * RATE), dtype=np.float32)
    tone = np.sin(np.arange(400) / 3.0) * np.exp(-np.arange(400) / 60)
    for click_s in CLICKS_S:
        samples[round(click_s * RATE) :][:400] = tone
    soundfile.write(path, samples, RATE, subtype="PCM_16")
    return AudioInfo(path=str(path), duration_s=duration_s, sha256=file_sha256(path))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The song with its recording, the long one, the song without a recording, and a tab without notes."""
    folder = tmp_path_factory.mktemp("pages")
    summary = ConfidenceSummary(target_accuracy=0.8, threshold=0.4, share_accepted=0.86)
    audio = _recording(folder / "song.wav", DURATION_S)
    heard = Transcription(tab=_song(), audio=audio, confidence=summary, detune_cents=-12.0)
    long_audio = _recording(folder / "long.wav", DURATION_LONG_S)
    results = {
        "song": heard,
        "long": dataclasses.replace(heard, tab=_song(N_BEATS_LONG), audio=long_audio),
        "silent": dataclasses.replace(heard, audio=None),
        "muted": dataclasses.replace(heard, tab=_muted(_song()), audio=None),
        "empty": Transcription(tab=Tab(tuning=Tuning(), notes=())),
    }
    paths = {name: folder / f"{name}.html" for name in results}
    for name, result in results.items():
        paths[name].write_bytes(render_html(result))
    return paths


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=list(SOUND))
        yield running
        running.close()


class Opened:
    """A page that was opened, and all that it said and asked for."""

    READY = "window.fretscribe?.ready && fretscribe.player.audio.readyState > 0"

    def __init__(self, browser: Any, path: Path, *, ready: str = READY, **context: Any) -> None:
        context = {"viewport": {"width": 1440, "height": 900}, **context}
        self.context = browser.new_context(offline=True, **context)
        self.page = self.context.new_page()
        self.told: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.told.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.told.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url.partition(":")[0]))
        started = time.monotonic()
        self.page.goto(path.as_uri())
        self.until(ready)
        self.ready_s = time.monotonic() - started

    def ask(self, expression: str) -> Any:
        return self.page.evaluate(expression)

    def until(self, expression: str, *, at_most_s: float = 20.0) -> None:
        """Wait; the page's policy forbids the waiting that Playwright has."""
        end = time.monotonic() + at_most_s
        while not self.ask(f"Boolean({expression})"):
            assert time.monotonic() < end, f"never: {expression}; told: {self.told}"
            time.sleep(0.02)

    @property
    def time_s(self) -> float:
        return float(self.ask("fretscribe.player.time"))


def _opened(browser: Any, path: Path, **context: Any) -> Iterator[Opened]:
    """The page; when its test is over, it has said nothing and asked nobody."""
    opened = Opened(browser, path, **context)
    yield opened
    assert opened.told == []
    assert set(opened.asked) <= {"file", "data", "blob"}
    opened.context.close()


@pytest.fixture
def song(browser: Any, files: dict[str, Path]) -> Iterator[Opened]:
    yield from _opened(browser, files["song"])


@pytest.fixture
def long_song(browser: Any, files: dict[str, Path]) -> Iterator[Opened]:
    yield from _opened(browser, files["long"])


@pytest.fixture
def narrow_song(browser: Any, files: dict[str, Path]) -> Iterator[Opened]:
    size = {"width": 390, "height": 844}
    yield from _opened(browser, files["song"], viewport=size, color_scheme="dark", has_touch=True)


@pytest.fixture
def silent_song(browser: Any, files: dict[str, Path]) -> Iterator[Opened]:
    yield from _opened(browser, files["silent"])


@pytest.fixture
def muted_song(browser: Any, files: dict[str, Path]) -> Iterator[Opened]:
    yield from _opened(browser, files["muted"])


@pytest.fixture
def empty_song(browser: Any, files: dict[str, Path]) -> Iterator[Opened]:
    yield from _opened(browser, files["empty"])


def test_every_note_is_engraved_and_the_page_is_there_soon(long_song: Opened) -> None:
    song, tab = long_song, _song(N_BEATS_LONG)
    n_notes = len(tab.notes)
    assert song.ask("performance.getEntriesByName('first-contentful-paint')[0].startTime") < 3000
    assert song.ready_s < 10.0
    assert song.ask("fretscribe.engraving.drawnOf.size") == n_notes
    assert song.ask(
        "[...fretscribe.engraving.drawnOf.values()].every((d) => fretscribe.engraving.heads.get(d)?.w)"
    )
    # What alphaTab draws, all of it: on paper nothing waits until it is scrolled to.
    song.page.emulate_media(media="print")
    song.ask("window.dispatchEvent(new Event('beforeprint'))")
    inks = (
        "['1A', '1B', '1C'].map((i) => document.querySelectorAll(`#paper text[fill='#${i}0000' i]`).length)"
    )
    bands = [n.confidence for n in tab.notes if n.confidence is not None]
    assert song.ask(inks) == [
        sum(c >= 0.8 for c in bands), sum(0.5 <= c < 0.8 for c in bands), sum(c < 0.5 for c in bands)
    ]  # fmt: skip
    assert "rendered by alphaTab" in song.ask("byId('paper').textContent")
    assert len(song.page.pdf(format="A4")) > 50_000


def test_the_head_tells_what_was_found(song: Opened) -> None:
    head = song.page.inner_text("header")
    for told in (
        "A song </script>",
        "standard",
        "12 cents flat",
        "fret 2",
        "120 bpm",
        "4/4",
        "E minor",
        "D/F#",
    ):
        assert told in head
    assert song.ask("window.hurt") is None
    song.ask("scrollTo(0, document.body.scrollHeight)")
    song.until("byId('score').textContent.includes('rendered by alphaTab')")


def test_the_recording_plays_where_it_should(song: Opened) -> None:
    # The second time without the file's first frame: as in a browser that does not listen to what it says.
    for frames in ("bytes", "bytes.slice(bytes.findIndex((_, i) => i && starts(i)))"):
        clicks_s, duration_s = song.ask(
            """async () => {
              const text = atob(byId("recording-data").textContent);
              const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
              const starts = (i) => bytes[i] === bytes[0] && bytes[i + 1] === bytes[1];
              const samples = await decoded(FRAMES, fretscribe.song.data.recording.duration_s);
              const loud = [];
              for (let i = 0; i < samples.length; i++) {
                if (Math.abs(samples[i]) > 0.2 && !(loud.at(-1) > i - 8000)) loud.push(i);
              }
              return [loud.map((i) => i / 32000), samples.length / 32000];
            }""".replace("FRAMES", frames)
        )
        assert clicks_s == pytest.approx(list(CLICKS_S), abs=0.002)
        assert duration_s == pytest.approx(DURATION_S, abs=0.001)
    assert song.ask("fretscribe.player.duration") == pytest.approx(DURATION_S, abs=0.001)


def test_the_cursor_moves_with_the_sound(song: Opened) -> None:
    cursor = "new DOMMatrix(getComputedStyle(document.querySelector('.cursor')).transform).e"
    before = song.ask(cursor)
    song.page.keyboard.press(" ")
    song.until("fretscribe.player.time > 0.4")
    assert song.ask("fretscribe.player.playing")
    assert song.ask(cursor) > before + 10
    assert song.ask("document.querySelectorAll('.now').length") > 0
    song.page.keyboard.press(" ")
    song.until("!fretscribe.player.playing")
    # When a note sounds, the cursor is there, in the bar that the page tells.
    off = song.ask(
        """fretscribe.song.notes.map((note) => {
          const { engraving, song } = fretscribe;
          const { beat } = engraving.drawnOf.get(note);
          const { place } = engraving.beats[engraving.indexOf.get(beat)];
          const here = engraving.placeAt(note.start_s + 1e-4);
          const far = Math.hypot(here.x - place.x, here.y - place.y);
          return song.barAt(note.start_s) === beat.voice.bar.index ? far : Infinity;
        })"""
    )
    assert max(off) < 1.0


def test_clicks_on_notes_and_timeline_go_there(song: Opened) -> None:
    x, y, start_s = song.ask(SPOT_OF_NOTE.replace("N_TH", "21"))
    song.page.mouse.click(x, y)
    assert song.time_s == pytest.approx(start_s, abs=0.01)
    assert "string" in song.page.inner_text("#note")
    assert "or string 6 (E), fret 9: 25 %" in song.page.inner_text("#note")
    song.page.keyboard.press("Escape")
    assert song.page.is_hidden("#note")
    box = song.page.locator("#timeline").bounding_box()
    song.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    assert song.time_s == pytest.approx(DURATION_S / 2, abs=0.1)
    song.until("(() => { const c = document.querySelector('.cursor').getBoundingClientRect();"
               " return c.top > 0 && c.bottom < innerHeight; })()")  # fmt: skip


def test_a_song_at_half_speed_takes_twice_as_long(song: Opened) -> None:
    for _ in range(10):
        song.page.keyboard.press("-")
    assert song.page.inner_text("#speed-text") == "50 %"
    assert song.ask("[fretscribe.player.audio.playbackRate, fretscribe.player.audio.preservesPitch]") == [
        0.5,
        True,
    ]
    song.ask("fretscribe.player.play()")
    song.until("fretscribe.player.time > 0.1")
    from_s, started = song.time_s, time.monotonic()
    time.sleep(1.0)
    assert (song.time_s - from_s) / (time.monotonic() - started) == pytest.approx(0.5, abs=0.12)
    for _ in range(30):
        song.page.keyboard.press("-")
    assert song.page.inner_text("#speed-text") == "25 %"


def test_a_loop_goes_round(song: Opened) -> None:
    song.ask("fretscribe.player.seek(10)")
    song.page.keyboard.press("[")
    song.ask("fretscribe.player.seek(10.4)")
    song.page.keyboard.press("]")
    assert song.page.inner_text("#loop-text") == "0:10.0 to 0:10.4"
    assert song.ask("document.querySelectorAll('.range > div').length") == 1
    song.ask("fretscribe.player.play()")
    times = []
    for _ in range(40):
        times.append(song.time_s)
        time.sleep(0.03)
    assert min(times) >= 10.0 - 1e-3
    assert max(times) < 10.9
    assert sum(b < a for a, b in itertools.pairwise(times)) >= 2
    song.page.keyboard.press("\\")
    assert song.page.inner_text("#loop-text") == "off"


def test_a_drag_over_the_tab_makes_a_loop(song: Opened) -> None:
    places = song.ask(
        """[2, 9].map((i) => {
          const { place } = fretscribe.engraving.beats[i];
          const box = byId("score").getBoundingClientRect();
          return [box.left + place.x, box.top + place.y + place.h / 2, fretscribe.engraving.times[i]];
        })"""
    )
    song.page.mouse.move(places[0][0], places[0][1])
    song.page.mouse.down()
    song.page.mouse.move(places[1][0], places[1][1], steps=4)
    song.page.mouse.up()
    loop = song.ask("fretscribe.player.loop")
    assert loop["start"] == pytest.approx(places[0][2], abs=0.01)
    assert loop["end"] == pytest.approx(song.ask("fretscribe.engraving.times[10]"), abs=0.01)


def test_it_counts_a_bar_in(song: Opened) -> None:
    song.page.click("#count-in")
    song.ask("void fretscribe.player.toggle()")
    song.until("fretscribe.player.playing")
    started = time.monotonic()
    assert song.time_s == 0.0
    song.until("fretscribe.player.time > 0")
    assert 1.5 < time.monotonic() - started < 5.0
    song.ask("fretscribe.player.pause()")
    song.ask("fretscribe.player.seek(0)")
    song.ask("void fretscribe.player.toggle()")
    song.until("fretscribe.player.playing")
    song.page.keyboard.press(" ")  # while it counts
    time.sleep(0.3)
    assert not song.ask("fretscribe.player.playing")


def test_the_synth_plays_the_tab_from_the_same_moment(song: Opened) -> None:
    song.ask("fretscribe.player.seek(12)")
    song.page.keyboard.press("s")
    song.until(
        "fretscribe.player.audio.readyState > 0 && byId('synth').getAttribute('aria-pressed') === 'true'"
    )
    song.until("Math.abs(fretscribe.player.time - 12) < 0.01")
    pitches = song.ask(
        """[40, 52, 64, 76].map((pitch) => {
          const note = { start_s: 0, end_s: 1, pitch, velocity: 90, techniques: [], bend: [] };
          const samples = renderSynth([note]).slice(8000, 8000 + 16384);
          let best = [0, 0];
          const period = 32000 / (440 * 2 ** ((pitch - 69) / 12));
          for (let lag = Math.floor(period * 10 * 0.97); lag <= period * 10 * 1.03; lag++) {
            let sum = 0;
            for (let i = 0; i < 8000; i++) sum += samples[i] * samples[i + lag];
            if (sum > best[1]) best = [lag, sum];
          }
          return 1200 * Math.log2((period * 10) / best[0]);
        })"""
    )
    assert max(map(abs, pitches)) < 12, f"cents off: {pitches}"


def test_the_sound_changes_where_it_is(song: Opened) -> None:
    song.ask("fretscribe.player.seek(3)")
    song.page.keyboard.press(" ")
    song.until("fretscribe.player.time > 3.3")
    song.page.keyboard.press(" ")
    song.until("!fretscribe.player.playing")
    here_s = song.time_s
    song.ask("fretscribe.player.use('synth')")
    assert song.time_s == pytest.approx(here_s, abs=0.01)
    assert not song.ask("fretscribe.player.playing")
    song.ask("fretscribe.player.play()")
    song.ask("fretscribe.player.use('recording')")
    assert song.ask("fretscribe.player.playing")
    for key in ("s", " ", " ", " ", "s", " ", " ", "s", "s"):  # faster than any sound loads
        song.page.keyboard.press(key)
    song.until("fretscribe.player.audio.readyState > 0")
    song.ask("fretscribe.player.pause()")
    song.until("!fretscribe.player.playing")


def test_doubtful_notes_are_a_key_away(song: Opened) -> None:
    doubtful = [n.note.onset_s for n in _song().notes if n.confidence == 0.3]
    for start_s in sorted(set(doubtful))[:1]:
        song.page.keyboard.press("n")
        assert song.time_s == pytest.approx(start_s, abs=0.01)
        assert "30 % doubtful" in song.page.inner_text("#note")
    song.page.keyboard.press("Shift+N")
    assert song.time_s == pytest.approx(max(doubtful), abs=0.01)


def test_dark_light_notation_and_colours(song: Opened) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    light = song.ask(colour)
    song.page.click("#theme")
    assert song.ask(colour) != light
    fill = "getComputedStyle(document.querySelector(`#score text[fill='#1C0000' i]`)).fill"
    dark_doubt = song.ask(fill)
    song.page.keyboard.press("d")
    assert song.ask(colour) == light
    assert song.ask(fill) != dark_doubt
    song.page.keyboard.press("k")
    assert song.ask(fill) == song.ask("getComputedStyle(document.querySelector('.at-surface-svg')).fill")
    height = song.ask("fretscribe.engraving.host.offsetHeight")
    song.page.keyboard.press("v")
    song.until(f"fretscribe.engraving.host.offsetHeight > {height} * 1.3")
    song.page.keyboard.press("?")
    assert song.page.is_visible("#keys")
    song.page.keyboard.press("Escape")
    assert song.page.is_hidden("#keys")


def test_scrolling_does_not_stall(long_song: Opened) -> None:
    song = long_song
    song.ask(
        """(() => {
          window.frames_ms = [];
          let last = performance.now();
          const frame = (now) => {
            window.frames_ms.push(now - last);
            last = now;
            requestAnimationFrame(frame);
          };
          requestAnimationFrame(frame);
        })()"""
    )
    song.ask("fretscribe.player.play()")
    song.page.mouse.move(700, 400)
    for _ in range(40):
        song.page.mouse.wheel(0, 120)
        time.sleep(0.025)
    frames = sorted(song.ask("window.frames_ms"))
    assert song.ask("scrollY") > 1000
    assert frames[len(frames) // 2] < 50
    assert frames[-1] < 800


def test_a_narrow_window_holds_it_all(narrow_song: Opened) -> None:
    narrow = narrow_song
    assert narrow.ask("document.documentElement.scrollWidth") == 390
    for name in ("play", "speed", "loop-start", "count-in", "synth", "theme", "next-doubtful"):
        box = narrow.page.locator(f"#{name}").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    assert narrow.ask("fretscribe.engraving.heads.size") >= len(_song().notes)
    narrow.ask("byId('score').scrollIntoView()")
    x, y, start_s = narrow.ask(SPOT_OF_NOTE.replace("N_TH", "4"))
    narrow.page.touchscreen.tap(x, y)
    assert narrow.time_s == pytest.approx(start_s, abs=0.01)
    narrow.page.tap("#play")
    narrow.until(f"fretscribe.player.time > {start_s} + 0.2")
    assert narrow.ask("document.querySelectorAll('.now').length") > 0


def test_a_tab_that_cannot_be_engraved_says_so_and_plays(browser: Any, files: dict[str, Path]) -> None:
    path = files["song"].with_name("broken.html")
    page = files["song"].read_text(encoding="utf-8")
    path.write_text(page.replace('"notes":[', '"notes":[{"start_s":0,"end_s":1,"string":0,"bend":[]},', 1))
    opened = Opened(browser, path, ready="fretscribe?.player.audio.readyState > 0")
    assert "could not be engraved: 1 notes are not in" in opened.page.inner_text("#score")
    opened.page.keyboard.press(" ")
    opened.until("fretscribe.player.time > 0.1")
    assert [told for told in opened.told if "not in the engraved tab" not in told] == []
    opened.context.close()


def test_without_its_recording_the_synth_plays(silent_song: Opened) -> None:
    silent = silent_song
    assert "The recording is not in this page" in silent.page.inner_text("header")
    assert silent.page.is_disabled("#recording")
    silent.ask("fretscribe.player.play()")
    silent.until("fretscribe.player.time > 0.2")


def test_a_tab_without_notes_is_a_page_too(empty_song: Opened) -> None:
    empty = empty_song
    assert "The notes of this tab were not judged." in empty.page.inner_text("header")
    empty.page.keyboard.press("n")
    assert "No note is in doubt." in empty.page.inner_text("#said")


def test_marks_do_not_run_into_chord_names(muted_song: Opened) -> None:
    boxes = muted_song.ask(
        """[...document.querySelectorAll("#score text")].map((text) => {
          const { left, right, top, bottom } = text.getBoundingClientRect();
          return { words: text.textContent, left, right, top, bottom };
        })"""
    )
    marks = [box for box in boxes if box["words"].startswith("P.M.")]
    chords = [box for box in boxes if box["words"] == "Ebmaj7/Bb"]
    assert marks
    assert chords
    for mark, chord in itertools.product(marks, chords):
        beside = mark["left"] >= chord["right"] or chord["left"] >= mark["right"]
        assert beside or abs(mark["top"] - chord["top"]) > 8
    assert not any("Capo" in box["words"] for box in boxes), "the head says it"
