"""What the generator promises for every seed, style and tuning, and that each style is itself."""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fretscribe.datasets.idioms import STYLES, Style, demo_tab, generate_tab
from fretscribe.datasets.idioms.bends import bend_curve, slide_curve, vibrato_curve
from fretscribe.datasets.idioms.canvas import MAX_SPAN, Canvas
from fretscribe.datasets.idioms.dice import Dice
from fretscribe.datasets.idioms.hand import Harmony, find_voicing, fingers, search_voicing
from fretscribe.errors import OptionError
from fretscribe.music import STANDARD_TUNING, BeatGrid, BendPoint, Position, Tab, TabNote, Tuning

_SLURS = {"hammer_on", "pull_off", "slide"}


@st.composite
def tunings(draw: st.DrawFn) -> Tuning:
    n_strings = draw(st.integers(4, 8))
    open_pitches = tuple(draw(st.integers(24, 72)) for _ in range(n_strings))
    n_frets = draw(st.integers(1, 24))
    return Tuning(open_pitches=open_pitches, n_frets=n_frets, capo=draw(st.integers(0, min(9, n_frets - 1))))


def _widest_span(tab: Tab) -> int:
    """Largest fret difference between two fretted notes that sound together."""
    widest = 0
    sounding: list[TabNote] = []
    for tab_note in tab.notes:
        if not tab_note.position.fret:
            continue
        sounding = [n for n in sounding if n.note.offset_s > tab_note.note.onset_s + 1e-9]
        widest = max([widest, *(abs(n.position.fret - tab_note.position.fret) for n in sounding)])
        sounding.append(tab_note)
    return widest


def _check_contract(tab: Tab, duration_s: float) -> None:
    assert tab.duration_s <= duration_s + 1e-9
    assert _widest_span(tab) <= MAX_SPAN
    last: dict[int, TabNote] = {}
    for tab_note in tab.notes:
        assert tab_note.onset_beats is not None
        assert tab_note.duration_beats is not None
        assert 48 % tab_note.onset_beats.denominator == 0
        before = last.get(tab_note.position.string)
        if before is not None:
            assert before.onset_beats is not None
            assert before.duration_beats is not None
            assert before.onset_beats + before.duration_beats <= tab_note.onset_beats
        if tab_note.techniques & _SLURS:
            assert before is not None
            assert before.note.offset_s == pytest.approx(tab_note.note.onset_s)
            rises = tab_note.position.fret > before.position.fret
            assert "hammer_on" not in tab_note.techniques or rises
            assert "pull_off" not in tab_note.techniques or not rises
            if "slide" in tab_note.techniques:
                travel = 100.0 * (before.position.fret - tab_note.position.fret)
                assert tab_note.note.bend[0].cents == pytest.approx(travel)
        assert all(0.0 <= point.time_s <= tab_note.note.duration_s for point in tab_note.note.bend)
        assert all(a.time_s < b.time_s for a, b in itertools.pairwise(tab_note.note.bend))
        last[tab_note.position.string] = tab_note
    assert tab.beats is not None
    assert tab.beats.beat_times_s[-1] >= duration_s


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), style=st.sampled_from([None, *STYLES]), duration_s=st.floats(0.3, 12.0))
def test_every_seed_gives_a_playable_tab(seed: int, style: Style | None, duration_s: float) -> None:
    _check_contract(generate_tab(seed, duration_s=duration_s, style=style), duration_s)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), style=st.sampled_from([None, *STYLES]), tuning=tunings())
def test_every_tuning_gives_a_playable_tab(seed: int, style: Style | None, tuning: Tuning) -> None:
    tab = generate_tab(seed, duration_s=6.0, style=style, tuning=tuning)
    assert tab.tuning == tuning
    _check_contract(tab, 6.0)


@pytest.mark.parametrize("style", [None, *STYLES])
def test_same_seed_same_tab(style: Style | None) -> None:
    first = generate_tab(11, style=style)
    assert first == generate_tab(11, style=style)
    assert first.notes != generate_tab(12, style=style).notes
    assert first.notes, "20 s are never empty"


def test_a_generator_is_advanced() -> None:
    rng = np.random.default_rng(5)
    first, second = generate_tab(rng), generate_tab(rng)
    assert first == generate_tab(np.random.default_rng(5))
    assert first.notes != second.notes


def test_chromatic_reaches_every_string_and_fret_alike() -> None:
    counts: Counter[Position] = Counter()
    for seed in range(150):
        tab = generate_tab(seed, style="chromatic", tuning=STANDARD_TUNING)
        counts.update(tab_note.position for tab_note in tab.notes)
    cells = [counts[Position(string=s, fret=f)] for s in range(6) for f in range(23)]
    mean = sum(cells) / len(cells)
    assert mean > 80
    assert min(cells) > 0.6 * mean
    assert max(cells) < 1.4 * mean


def test_repeat_strikes_fast_and_on_other_strings() -> None:
    rates, moved = [], 0
    for seed in range(20):
        tab = generate_tab(seed, style="repeat", tuning=STANDARD_TUNING)
        for a, b in itertools.pairwise(tab.notes):
            if a.note.pitch == b.note.pitch:
                moved += a.position != b.position
                if a.position == b.position:
                    rates.append(1.0 / (b.note.onset_s - a.note.onset_s))
    assert moved > 20
    assert np.mean(np.asarray(rates) > 6.0) > 0.4
    assert np.percentile(rates, 98) < 20.0


def test_strum_spreads_its_strings_and_names_its_chords() -> None:
    spreads = []
    for seed in range(20):
        tab = generate_tab(seed, style="strum", tuning=STANDARD_TUNING)
        assert tab.chords
        by_stroke = itertools.groupby(tab.notes, key=lambda n: n.onset_beats)
        for _, stroke in by_stroke:
            onsets = [n.note.onset_s for n in stroke]
            if len(onsets) >= 4:
                spreads.append(onsets[-1] - onsets[0])
    assert np.percentile(spreads, 5) > 0.004
    assert np.percentile(spreads, 95) < 0.08


def test_strummed_notes_belong_to_the_named_chord() -> None:
    tab = generate_tab(3, style="strum", tuning=STANDARD_TUNING)
    assert tab.beats is not None
    for chord in tab.chords:
        inside = [n for n in tab.notes if chord.start_s + 0.1 < n.note.onset_s < chord.end_s - 0.1]
        assert len({n.note.pitch % 12 for n in inside}) <= 5
        assert len({n.position for n in inside}) <= 6, "one shape is held"


def test_lead_uses_every_expression() -> None:
    tabs = [generate_tab(seed, style="lead") for seed in range(30)]
    notes = [tab_note for tab in tabs for tab_note in tab.notes]
    used = Counter(technique for tab_note in notes for technique in tab_note.techniques)
    assert all(used[name] > 10 for name in ("bend", "vibrato", "slide", "hammer_on", "pull_off"))
    for tab_note in notes:
        if "bend" in tab_note.techniques:
            assert 20.0 < max(abs(point.cents) for point in tab_note.note.bend) <= 320.0


def test_mixed_clips_hold_silences_and_several_styles() -> None:
    tabs = [generate_tab(seed) for seed in range(40)]
    assert len({s for tab in tabs for s in tab.provenance["styles"]}) == len(STYLES)  # type: ignore[attr-defined]
    assert len({tab.tuning for tab in tabs}) >= 5
    longest = []
    for tab in tabs:
        ends = np.maximum.accumulate([n.note.offset_s for n in tab.notes])
        starts = np.array([n.note.onset_s for n in tab.notes])
        longest.append(float(np.max(starts[1:] - ends[:-1])))
    assert np.mean(np.array(longest) > 0.25) > 0.3


def test_quantised_times_agree_with_played_ones() -> None:
    for seed in range(10):
        tab = generate_tab(seed, style="riff")
        assert tab.beats is not None
        gaps = [n.note.onset_s - tab.beats.time_at(n.onset_beats or 0) for n in tab.notes]
        beat_s = 60.0 / tab.beats.tempo_bpm
        assert max(abs(g) for g in gaps) < 0.18 * beat_s + 0.05, "swing and jitter only"


def test_wrong_options_are_refused() -> None:
    with pytest.raises(OptionError, match="duration_s"):
        generate_tab(0, duration_s=0.0)
    with pytest.raises(OptionError, match="unknown style"):
        generate_tab(0, style="polka")  # type: ignore[arg-type]


def test_demo_is_the_piece_it_promises() -> None:
    tab = demo_tab()
    assert tab == demo_tab()
    assert tab.tuning == STANDARD_TUNING
    assert 18.0 <= tab.duration_s <= 24.0
    assert _widest_span(tab) <= MAX_SPAN
    assert any(n.position.fret >= 10 for n in tab.notes)
    used = {technique for n in tab.notes for technique in n.techniques}
    assert {"bend", "slide", "hammer_on", "pull_off", "vibrato", "palm_mute"} <= used
    assert len({chord.name for chord in tab.chords}) >= 4
    assert max(Counter(n.onset_beats for n in tab.notes).values()) == 6, "whole chords"


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), root=st.integers(0, 11), tuning=tunings())
def test_searched_voicings_are_chord_tones(seed: int, root: int, tuning: Tuning) -> None:
    harmony = Harmony(root=root, quality="m7")
    voicing = search_voicing(tuning, harmony, Dice(seed), lowest=0)
    pitches = {
        (tuning.open_pitches[s] + tuning.capo + f) % 12 for s, f in enumerate(voicing) if f is not None
    }
    assert pitches <= harmony.tones


def test_table_voicings_follow_capo_and_transposed_tunings() -> None:
    for tuning in (STANDARD_TUNING, Tuning(capo=3), Tuning(open_pitches=(39, 44, 49, 54, 58, 63))):
        for root in range(12):
            harmony = Harmony(root=root, quality="")
            voicing = find_voicing(tuning, harmony, Dice(root), families={"open": 1.0, "barre": 0.5})
            pitches = {
                (tuning.open_pitches[s] + tuning.capo + f) % 12
                for s, f in enumerate(voicing)
                if f is not None
            }
            assert pitches == harmony.tones
            assert fingers(voicing) <= 4


def _canvas(end_s: float = 8.0) -> Canvas:
    return Canvas(STANDARD_TUNING, BeatGrid.constant(120.0, end_s), Dice(0), end_s=end_s)


def test_canvas_lets_the_hand_move_only_so_far() -> None:
    canvas = _canvas()
    canvas.pluck(0, 3, 0, 192, late_s=0.0)
    canvas.pluck(5, 12, 48, 48, late_s=0.0)
    canvas.pluck(2, 0, 48, 48, late_s=0.0)
    tab = canvas.finish(key=None, title="", provenance={})
    low = tab.notes[0]
    assert low.note.offset_s == pytest.approx(0.5)
    assert low.duration_beats == 1


def test_canvas_drops_a_slur_that_comes_from_nowhere() -> None:
    canvas = _canvas()
    canvas.pluck(1, 5, 0, 24, late_s=0.0)
    canvas.pluck(1, 7, 96, 24, late_s=0.0, techniques=frozenset({"hammer_on"}))
    canvas.pluck(1, 9, 120, 24, late_s=0.0, techniques=frozenset({"hammer_on"}))
    tab = canvas.finish(key=None, title="", provenance={})
    assert [set(n.techniques) for n in tab.notes] == [set(), set(), {"hammer_on"}]


def test_canvas_swings_the_off_beat() -> None:
    canvas = Canvas(STANDARD_TUNING, BeatGrid.constant(60.0, 8.0), Dice(0), end_s=8.0, swing=2.0 / 3.0)
    assert canvas.time_at(24) == pytest.approx(2.0 / 3.0)
    assert canvas.time_at(48) == pytest.approx(1.0)


@given(seed=st.integers(0, 10_000), length_s=st.floats(0.2, 4.0))
def test_pitch_curves_rise_in_time(seed: int, length_s: float) -> None:
    dice = Dice(seed)
    curves: list[tuple[BendPoint, ...]] = [
        bend_curve(dice, length_s),
        vibrato_curve(dice, length_s),
        slide_curve(dice, -200.0, length_s),
    ]
    for curve in curves:
        times = [point.time_s for point in curve]
        assert times[0] == 0.0
        assert all(b > a for a, b in itertools.pairwise(times))
