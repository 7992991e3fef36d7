"""What is marked on rendered notes, with the models that ship, and what excludes what."""

from __future__ import annotations

import numpy as np
import pytest

from fretscribe.datasets.synthetic import RENDER_RATE
from fretscribe.dsp.pitch_track import PitchTrack
from fretscribe.music import TabNote, Technique
from fretscribe.symbolic.pitch_curves import UNKNOWN_CURVE, describe, simple_curve
from fretscribe.symbolic.technique_model import TechniqueModel
from fretscribe.symbolic.techniques import Marks, chosen, hear_techniques
from rendered_notes import plain_guitar, sound_of, tab_note, tab_of

GUITAR = plain_guitar(contact_s=0.005)
BEND = ((0.0, 0.0), (0.15, 0.0), (0.3, 200.0))
SHAKE = tuple((k * 0.02, 25.0 - 25.0 * float(np.cos(2 * np.pi * 5.5 * k * 0.02))) for k in range(60))


def marks(*notes: TabNote) -> list[Marks]:
    tab = tab_of(*notes)
    return hear_techniques(sound_of(tab, GUITAR), RENDER_RATE, tab.notes, tab.tuning)


def line(*frets: int) -> list[TabNote]:
    """Plucked notes on the G string, as a recording has them around what is listened for."""
    return [tab_note(0.2 + 0.4 * k, 0.585 + 0.4 * k, 3, fret) for k, fret in enumerate(frets)]


def test_a_bend_and_its_curve_are_heard() -> None:
    found = marks(*line(5, 7, 5), tab_note(1.4, 2.3, 3, 7, bend=BEND))
    assert [set(one.techniques) for one in found] == [set(), set(), set(), {"bend"}]
    assert found[-1].curve[0].cents == pytest.approx(0, abs=10)
    assert found[-1].curve[-1].cents == pytest.approx(200, abs=10)


def test_vibrato_is_heard() -> None:
    found = marks(*line(5, 7, 5), tab_note(1.4, 2.4, 3, 7, bend=SHAKE))
    assert [set(one.techniques) for one in found] == [set(), set(), set(), {"vibrato"}]


def test_a_note_out_of_tune_is_not_bent() -> None:
    assert not marks(*line(5, 7), tab_note(1.0, 1.9, 3, 7, bend=((0.0, 35.0), (2.0, 35.0))))[-1].techniques


@pytest.mark.parametrize(
    ("technique", "fret", "bend"),
    [("hammer_on", 7, ()), ("pull_off", 3, ()), ("slide", 7, ((0.0, -200.0), (0.06, 0.0)))],
)
def test_slurs_are_heard_and_say_where_they_come_from(
    technique: Technique, fret: int, bend: tuple[tuple[float, float], ...]
) -> None:
    notes = [*line(5, 7, 5), tab_note(1.4, 1.8, 3, 5), tab_note(1.8, 2.4, 3, fret, technique, bend=bend)]
    found = marks(*notes)
    assert set(found[-1].techniques) == {technique}
    assert found[-1].before == 3
    assert not any(one.techniques for one in found[:-1])


def test_a_legato_line_of_plucked_notes_has_no_slurs() -> None:
    assert not any(one.techniques for one in marks(*line(5, 7, 8, 7, 5, 3)))


def test_palm_mutes_are_heard_and_staccato_is_none() -> None:
    notes = [tab_note(0.2 + 0.3 * k, 0.2 + 0.3 * k + 0.28, 0, 3 + k % 2, "palm_mute") for k in range(4)]
    short = [tab_note(1.6 + 0.3 * k, 1.6 + 0.3 * k + 0.15, 0, 3 + k % 2) for k in range(4)]
    found = [set(one.techniques) for one in marks(*notes, *short)]
    assert found == [{"palm_mute"}] * 4 + [set()] * 4


def test_harmonics_are_heard_and_the_same_notes_fretted_are_none() -> None:
    def phrase(*techniques: Technique) -> list[TabNote]:
        return [
            tab_note(0.2 + 0.6 * k, 0.75 + 0.6 * k, string, 12, *techniques, velocity=75)
            for k, string in enumerate((3, 2, 1))
        ]

    touched = marks(*phrase("harmonic"))
    assert [set(one.techniques) for one in touched] == [{"harmonic"}] * 3
    assert [one.partial for one in touched] == [2, 2, 2]
    assert not any("harmonic" in one.techniques for one in marks(*phrase()))


def test_the_likeliest_of_what_excludes_each_other_is_written() -> None:
    def model(threshold: float) -> TechniqueModel:
        return TechniqueModel(
            names=(), tables=(), constant=0.0, threshold=threshold, precision=1.0, recall=1.0
        )

    names: tuple[Technique, ...] = ("bend", "vibrato", "slide", "hammer_on", "harmonic", "palm_mute")
    models = {name: model(0.5) for name in names}
    assert chosen({"slide": 0.6, "hammer_on": 0.7, "bend": 0.4}, models) == {"hammer_on": 0.7}
    assert chosen({"bend": 0.9, "vibrato": 0.6, "slide": 0.8}, models) == {"bend": 0.9, "slide": 0.8}
    assert chosen({"harmonic": 0.6, "palm_mute": 0.9}, models) == {"palm_mute": 0.9}


def track(cents: np.ndarray) -> PitchTrack:
    times = 0.01 * np.arange(len(cents))
    return PitchTrack(time_s=times, cents=cents, clarity=np.ones(len(cents)), free=1.0)


def test_curves_are_described() -> None:
    still = describe(track(np.full(60, 30.0)))
    assert still.reach == pytest.approx(0.0, abs=1e-9)
    assert still.excursion == pytest.approx(0.0, abs=1e-9)
    assert still.still == 1.0
    up = describe(track(np.interp(np.arange(80), [20, 35], [0.0, 200.0])))
    assert up.reach == pytest.approx(200, abs=5)
    assert up.ends == pytest.approx(200, abs=5)
    assert 0.2 < up.moves_at_s < 0.35
    shake = describe(track(20.0 * np.sin(2 * np.pi * 5.0 * 0.01 * np.arange(100))))
    assert shake.vibrato_hz == 5.0
    assert shake.vibrato_cents == pytest.approx(40, rel=0.15)
    assert shake.period_alike > 0.9
    assert shake.half_period_alike < -0.9
    assert describe(None) is UNKNOWN_CURVE
    assert describe(track(np.zeros(4))) is UNKNOWN_CURVE


def test_a_simple_curve_keeps_the_corners_on_another_clock() -> None:
    points = simple_curve(track(np.interp(np.arange(100), [20, 40], [0.0, 100.0])), speed=2.0)
    assert 3 <= len(points) <= 8
    assert points[0].cents == 0.0
    assert points[-1].cents == pytest.approx(100.0)
    assert points[-1].time_s == pytest.approx(0.99 / 2, abs=0.01)
