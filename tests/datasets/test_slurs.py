"""Slurs of the string model: the string rings on, in phase, and the finger adds little."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from fretscribe.convert import midi_to_hz
from fretscribe.datasets.slurs import over_the_frets
from fretscribe.datasets.synthetic import RENDER_RATE
from fretscribe.music import BendPoint, Tab
from rendered_notes import level_db, plain_guitar, sound_of, tab_note, tab_of

QUIET = plain_guitar(pick_noise=0.0, polarisation_mix=0.0)


def pair(*techniques: str, fret: int = 7, bend: tuple[tuple[float, float], ...] = ()) -> Tab:
    first = tab_note(0.1, 0.6, 3, 5)
    return tab_of(first, tab_note(0.6, 1.2, 3, fret, *techniques, bend=bend))  # type: ignore[arg-type]


def hz_at(sound: np.ndarray, at_s: float, near_hz: float, length_s: float = 0.05) -> float:
    first = int((at_s - length_s / 2) * RENDER_RATE)
    stretch = sound[first : first + int(length_s * RENDER_RATE)]
    spectrum = np.abs(np.fft.rfft(stretch * np.hanning(len(stretch)), 1 << 16))
    hz = np.fft.rfftfreq(1 << 16, 1 / RENDER_RATE)
    near = np.abs(np.log2(hz[1:] / near_hz)) < 0.35
    return float(hz[1:][near][spectrum[1:][near].argmax()])


@pytest.mark.parametrize(("technique", "fret"), [("hammer_on", 7), ("pull_off", 3), ("slide", 7)])
def test_a_slurred_string_goes_on_without_a_jump(technique: str, fret: int) -> None:
    bend = ((0.0, 100.0 * (5 - fret)), (0.06, 0.0)) if technique == "slide" else ()
    slurred, plucked = (
        sound_of(pair(technique, fret=fret, bend=bend), QUIET),
        sound_of(pair(fret=fret), QUIET),
    )
    at = int(0.6 * RENDER_RATE)
    usual = float(np.abs(np.diff(slurred[at - 400 : at - 10])).max())
    assert float(np.abs(np.diff(slurred[at - 3 : at + 3])).max()) < 2 * usual
    # The last milliseconds before are not faded, as they are before a pick.
    assert level_db(slurred, 0.596, 0.6) > level_db(plucked, 0.596, 0.6) + 2


def test_a_hammer_adds_less_than_a_pick() -> None:
    hammered, plucked = sound_of(pair("hammer_on"), QUIET), sound_of(pair(), QUIET)
    assert level_db(hammered, 0.61, 0.7) < level_db(plucked, 0.61, 0.7)
    assert level_db(hammered, 0.61, 0.7) > level_db(hammered, 0.5, 0.59) - 8


def test_a_slide_sounds_the_frets_on_its_way() -> None:
    sound = sound_of(pair("slide", fret=9, bend=((0.0, -400.0), (0.4, 0.0))), QUIET)
    for at_s, fret in ((0.65, 6), (0.75, 7), (0.85, 8), (0.95, 9)):
        hz = midi_to_hz(55 + fret)
        assert 1200 * abs(np.log2(hz_at(sound, at_s, hz) / hz)) < 25


def test_a_curve_over_the_frets_ends_where_it_should() -> None:
    down = over_the_frets((BendPoint(time_s=0.0, cents=300.0), BendPoint(time_s=0.09, cents=0.0)))
    assert [p.cents for p in down][:1] == [300.0]
    assert down[-1].cents == 0.0
    assert {p.cents for p in down} == {300.0, 200.0, 100.0, 0.0}
    assert all(b.time_s > a.time_s for a, b in itertools.pairwise(down))


@pytest.mark.parametrize(("fret", "partial"), [(12, 2), (7, 3), (5, 4)])
def test_a_harmonic_sounds_its_partial_of_the_open_string(fret: int, partial: int) -> None:
    sound = sound_of(tab_of(tab_note(0.1, 1.5, 2, fret, "harmonic")), QUIET)
    late = sound[int(0.5 * RENDER_RATE) : int(1.3 * RENDER_RATE)]
    spectrum = np.abs(np.fft.rfft(late * np.hanning(len(late)), 1 << 16))
    hz = np.fft.rfftfreq(1 << 16, 1 / RENDER_RATE)

    def level(n: int) -> float:
        return float(spectrum[np.abs(hz / (n * midi_to_hz(50)) - 1) < 0.01].max())

    assert min(level(partial), level(2 * partial)) > 20 * max(level(1), level(partial + 1))


def test_a_pick_that_lies_on_the_string_damps_it() -> None:
    tab = tab_of(tab_note(0.1, 0.58, 3, 5), tab_note(0.6, 1.2, 3, 7))
    soft = dataclasses.replace(QUIET, release_s=0.08)
    hard = dataclasses.replace(soft, contact_s=0.004)
    assert level_db(sound_of(tab, hard), 0.59, 0.597) < level_db(sound_of(tab, soft), 0.59, 0.597) - 10
    assert level_db(sound_of(tab, hard), 0.2, 0.5) == pytest.approx(level_db(sound_of(tab, soft), 0.2, 0.5))
