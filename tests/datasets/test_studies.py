"""Studies hold every technique among plain notes, and sets of them are played by whom they say."""

from __future__ import annotations

from collections import Counter

import pytest

from fretscribe.datasets.idioms.studies import technique_study
from fretscribe.datasets.technique_set import RANDOM_GUITARS, fit_set, measured_set


def techniques_of(n_studies: int, **options: object) -> Counter[str]:
    return Counter(
        technique
        for seed in range(n_studies)
        for note in technique_study(seed, **options).notes  # type: ignore[arg-type]
        for technique in (note.techniques or {"plain"})
    )


def test_studies_hold_every_technique_among_as_many_plain_notes() -> None:
    counts = techniques_of(16)
    wanted = {"bend", "vibrato", "slide", "hammer_on", "pull_off", "palm_mute", "dead", "harmonic"}
    assert wanted <= counts.keys()
    assert counts["plain"] > 0.4 * counts.total()


def test_what_an_instrument_cannot_play_is_left_out() -> None:
    assert "harmonic" not in techniques_of(10, without={"harmonic"})


def test_plain_notes_are_no_shorter_than_a_hand_can_make_them() -> None:
    notes = technique_study(4, duration_s=40.0).notes
    lengths = sorted(n.note.duration_s for n in notes if not n.techniques)
    assert lengths[len(lengths) // 20] > 0.05


def test_sets_say_who_plays_without_playing() -> None:
    fitted, measured = list(fit_set(8, {"strat": None, "black": None})), list(measured_set(3, 1, {}))  # type: ignore[dict-item]
    assert [plan.instrument for plan in fitted].count(RANDOM_GUITARS) == 6
    assert [plan.instrument for plan in measured][:3] == [RANDOM_GUITARS] * 3
    assert "steel body" in [plan.instrument for plan in measured]


@pytest.mark.slow
def test_a_study_is_a_function_of_its_number() -> None:
    first, again = (list(measured_set(2, 0, {}))[1].play() for _ in range(2))
    assert first.tab == again.tab
    assert (first.audio.samples == again.audio.samples).all()
    assert not first.sampled
