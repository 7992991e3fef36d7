"""The growing draft: real notes, in order, told early; and a result that does not know of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from fretscribe.datasets.idioms import demo_tab
from fretscribe.datasets.synthetic import render
from fretscribe.frames import Audio, StringRoll
from fretscribe.io.formats import render_tab
from fretscribe.models.acoustic import load_acoustic
from fretscribe.music import Note, TabNote, Tuning
from fretscribe.pipeline import TranscribeOptions, Transcriber, load_transcriber
from fretscribe.pipeline.drafting import Draft, DraftBar, Drafting
from fretscribe.pipeline.tabbing import Hands
from fretscribe.symbolic.decode import decode_notes
from fretscribe.symbolic.draft_bars import EARLY_S
from fretscribe.symbolic.fingering import finger
from fretscribe.symbolic.tuning import TuningEstimate, TuningGuess, estimate_tuning

RATE = 22050
SECONDS = 24.0
OPEN = Tuning().open_pitches
LINE = ((1, 0), (2, 2), (3, 2), (2, 0), (1, 3), (2, 2), (3, 0), (4, 1))
"""String, fret: a figure of eighths at 120 beats a minute."""

DROP_D = Tuning(open_pitches=(38, *OPEN[1:]), n_frets=22)


@pytest.fixture
def hears(make_acoustic: Any) -> Callable[..., Any]:
    """Makes a model that hears `LINE` over and over in some number of chunks."""

    def make(n_chunks: int = 4, seconds: float = SECONDS) -> Any:
        places = [LINE[i % len(LINE)] for i in range(int((seconds - 1.0) * 4))]
        script = [(0.5 + i / 4, 0.72 + i / 4, s, OPEN[s] + fret) for i, (s, fret) in enumerate(places)]
        return replace(make_acoustic(script), n_chunks=n_chunks)

    return make


def noise(seconds: float = SECONDS) -> Audio:
    samples = 0.1 * np.random.default_rng(0).standard_normal((1, int(seconds * RATE)))
    return Audio(samples=samples.astype(np.float32), sample_rate=RATE)


def drafts_of(model: Any, options: TranscribeOptions | None = None, **parts: Any) -> list[Draft]:
    """What is told while a model hears."""
    estimate = parts.pop("estimate_tuning", estimate_tuning)
    drafts: list[Draft] = []
    drafting = Drafting(options or TranscribeOptions(), decode_notes, estimate, Hands(**parts), drafts.append)
    drafting.end(model(noise(), so_far=drafting.hear))
    return drafts


def joined(drafts: Sequence[Draft]) -> list[DraftBar]:
    """The tab that somebody sees who saw all drafts."""
    bars: list[DraftBar] = []
    for draft in drafts:
        assert draft.first <= len(bars), "there is a gap"
        bars[draft.first :] = draft.bars
    return bars


def placed(drafts: Sequence[Draft]) -> list[TabNote]:
    return [note for bar in joined(drafts) for note in bar.notes]


def struck(notes: Sequence[Note]) -> list[tuple[float, int]]:
    return sorted((round(n.onset_s, 6), n.pitch) for n in notes)


def test_every_note_is_drafted_once_in_the_bar_where_it_starts(hears: Any) -> None:
    drafts = drafts_of(hears())
    heard = decode_notes(hears()(noise()))
    assert len(drafts) == 4
    assert struck([n.note for n in placed(drafts)]) == struck(heard)
    bars = joined(drafts)
    assert all(a.end_s == b.start_s for a, b in pairwise(bars))
    for bar in bars:
        assert all(bar.start_s - EARLY_S <= n.note.onset_s < bar.end_s - EARLY_S for n in bar.notes)
    assert all(n.note.pitch == OPEN[n.position.string] + n.position.fret for n in placed(drafts))
    assert np.diff([bar.start_s for bar in bars]) == pytest.approx(2.0, abs=0.15)


def test_what_is_known_of_the_recording_is_obeyed(hears: Any) -> None:
    def estimate(_notes: object, _tunings: object) -> TuningEstimate:
        raise AssertionError("nobody asked")

    options = TranscribeOptions(tuning="drop D", capo=0, bpm=90, meter="3/4", max_fret=4)
    drafts = drafts_of(hears(), options, estimate_tuning=estimate)
    assert {draft.tuning.open_pitches for draft in drafts} == {DROP_D.open_pitches}
    assert np.diff([bar.start_s for bar in joined(drafts)]) == pytest.approx(2.0)
    assert max(n.position.fret for n in placed(drafts)) <= 4


def test_another_tuning_tells_all_bars_anew(hears: Any) -> None:
    """Whoever hears a low D late has drawn the bars before for another guitar."""
    asked: list[int] = []

    def estimate(notes: Sequence[Note], _tunings: object) -> TuningEstimate:
        asked.append(len(notes))
        best = Tuning(n_frets=22) if len(asked) < 3 else DROP_D
        return TuningEstimate(guesses=(TuningGuess(tuning=best, probability=0.85),), sure=True)

    drafts = drafts_of(hears(9), estimate_tuning=estimate)
    assert [draft.tuning.open_pitches[0] for draft in drafts] == [40] * 3 + [38] * 6
    assert [draft.first == 0 for draft in drafts] == [True, False, False, True] + [False] * 5
    assert len(asked) == 4, "after one, two, four and eight chunks"
    assert len(placed(drafts)) == len(hears().script)


def test_a_tuning_that_is_certain_is_not_asked_for_again(hears: Any) -> None:
    asked: list[int] = []

    def estimate(notes: Sequence[Note], _tunings: object) -> TuningEstimate:
        asked.append(len(notes))
        guess = TuningGuess(tuning=Tuning(n_frets=22), probability=0.95)
        return TuningEstimate(guesses=(guess,), sure=True)

    drafts_of(hears(9), estimate_tuning=estimate)
    assert len(asked) == 1


def test_notes_are_fingered_once_however_often_somebody_looks(hears: Any) -> None:
    n_fingered: list[int] = []

    def count(notes: Sequence[Note], tuning: Tuning, options: Any) -> Any:
        n_fingered.append(len(notes))
        return finger(notes, tuning, options)

    drafts_of(hears(12), finger=count)
    assert len(n_fingered) > 6
    assert sum(n_fingered) == len(hears().script)


def test_silence_has_no_draft(make_acoustic: Any) -> None:
    assert drafts_of(make_acoustic(())) == []


def test_bars_are_told_before_all_was_heard_and_none_that_was_not_heard(hears: Any) -> None:
    told: list[tuple[str, float]] = []
    model = hears(seconds=16.0)

    @dataclass(frozen=True)
    class Noted:
        sample_rate: int = RATE
        name: str = "noted"
        sha256: str = "0" * 64

        def __call__(self, audio: Audio, *, progress: Any = None, so_far: Any = None) -> StringRoll:
            def noted(roll: StringRoll) -> None:
                told.append(("heard", roll.grid.time_s(roll.grid.n_frames)))
                so_far(roll)

            roll: StringRoll = model(audio, progress=progress, so_far=noted)
            told.append(("heard all", float("inf")))
            return roll

    transcriber = Transcriber(acoustic=Noted())
    transcriber(noise(16.0), watch=lambda draft: told.append(("bars", draft.bars[-1].end_s)))
    assert [what for what, _ in told] == ["heard", "bars"] * 3 + ["heard all", "bars"]
    for (_, heard_s), (_, end_s) in zip(told[::2], told[1::2], strict=True):
        assert end_s <= heard_s


@pytest.mark.parametrize("options", [{}, {"start_s": 3.0, "detune": 40.0}])
def test_the_result_is_the_same_to_the_byte(hears: Any, options: dict[str, Any]) -> None:
    transcriber, asked = Transcriber(acoustic=hears(3, 12.0)), TranscribeOptions(**options)
    drafts: list[Draft] = []
    watched = transcriber(noise(12.0), asked, watch=drafts.append)
    alone = transcriber(noise(12.0), asked)
    assert replace(watched, timings_s={}) == replace(alone, timings_s={})
    for name in ("json", "txt", "mid"):
        assert render_tab(watched, name) == render_tab(alone, name)
    # And drafts are on the clock of the recording, as the result is.
    assert len(drafts) == 3
    assert struck([n.note for n in placed(drafts)]) == struck([n.note for n in alone.tab.notes])


def test_whoever_watches_can_stop_it(hears: Any) -> None:
    class EnoughError(Exception): ...

    def stop(_draft: Draft) -> None:
        raise EnoughError

    with pytest.raises(EnoughError):
        Transcriber(acoustic=hears(seconds=8.0))(noise(8.0), watch=stop)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty-four seconds of rendered guitar."""
    sound = render(demo_tab(), seed=7)
    rate = sound.sample_rate
    path = tmp_path_factory.mktemp("drafting") / "demo.wav"
    soundfile.write(path, np.tile(sound.samples[0, : 11 * rate], 4), rate)
    return path


@pytest.mark.slow
def test_the_shipped_networks_hear_the_same_whether_or_not_somebody_watches(demo: Path) -> None:
    transcriber = load_transcriber(n_threads=1)
    drafts: list[Draft] = []
    watched, alone = transcriber(demo, watch=drafts.append), transcriber(demo)
    assert len(drafts) == 2
    for name in ("json", "txt", "mid"):
        assert render_tab(watched, name) == render_tab(alone, name)
    drafted = struck([n.note for n in placed(drafts)])
    final = struck([n.note for n in alone.tab.notes])
    assert len(set(drafted) & set(final)) > 0.9 * len(final)


@pytest.mark.slow
def test_the_acoustic_model_tells_all_chunks_but_the_last(demo: Path) -> None:
    samples, rate = soundfile.read(demo, dtype="float32")
    model = load_acoustic(n_threads=1)
    audio = Audio(samples=samples[None], sample_rate=rate)
    heard: list[Any] = []
    roll = partial(model, so_far=heard.append)(audio)
    (part,) = heard
    assert part.grid.n_frames == roll.grid.n_frames // 2
    assert part.grid == replace(roll.grid, n_frames=part.grid.n_frames)
    for name in ("onset", "active", "level"):
        assert np.array_equal(getattr(part, name), getattr(roll, name)[: part.grid.n_frames])
