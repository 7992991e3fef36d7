"""Networks are asked once a sound, and answer as they would without being remembered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from counting_route import counting_transcriber, noise
from fretscribe.evaluation.heard_once import AcousticOnce, RefineOnce, TabNetworkOnce, heard_once


def test_every_network_hears_a_sound_once(acoustic: Any) -> None:
    plain = counting_transcriber(acoustic)
    once = heard_once(plain)
    first = once(noise(5.0))
    again = once(noise(5.0))  # another object that sounds the same
    networks = (plain.acoustic, plain.tabcnn, plain.lstm)
    assert [len(network.asked) for network in networks] == [1, 1, 1]  # type: ignore[union-attr]
    assert first.tab.notes
    assert first.tab == again.tab
    assert first.tab == plain(noise(5.0)).tab


def test_another_sound_is_another_question(acoustic: Any) -> None:
    plain = counting_transcriber(acoustic)
    once = heard_once(plain)
    n_notes = [len(once(sound).tab.notes) for sound in (noise(5.0), noise(1.0), noise(5.0, seed=1))]
    assert plain.acoustic.asked == [5.0, 1.0, 5.0]  # type: ignore[attr-defined]
    assert plain.tabcnn.asked == [5.0, 1.0, 5.0]  # type: ignore[union-attr]
    assert n_notes[0] > n_notes[1]  # the short one ends before most of the script


def test_what_is_refined_is_told_apart_by_its_values(acoustic: Any) -> None:
    plain = counting_transcriber(acoustic)
    assert plain.tabcnn is not None
    assert plain.lstm is not None
    refine = RefineOnce(network=plain.lstm)
    frets = plain.tabcnn(noise(1.0))
    refined = refine(frets)
    assert refine(frets) is refined
    again = refine(refined)  # the same grid, another string
    assert (again.probs != refined.probs).any()
    assert len(plain.lstm.asked) == 2  # type: ignore[attr-defined]


def test_names_rates_and_progress_are_the_networks_own(acoustic: Any) -> None:
    plain = counting_transcriber(acoustic)
    once = heard_once(plain)
    assert once.weights() == plain.weights()
    assert isinstance(once.acoustic, AcousticOnce)
    assert once.acoustic.sample_rate == plain.acoustic.sample_rate
    assert isinstance(once.tabcnn, TabNetworkOnce)
    assert once.tabcnn.open_pitches == (40, 45, 50, 55, 59, 64)
    for _ in range(2):
        shares: list[float] = []
        once.acoustic(noise(1.0), progress=shares.append)
        assert shares == [1.0]


def test_a_route_without_tab_networks_stays_without(acoustic: Any) -> None:
    once = heard_once(replace(counting_transcriber(acoustic), tabcnn=None, lstm=None))
    assert (once.tabcnn, once.lstm) == (None, None)


def test_each_wrapping_starts_without_answers(acoustic: Any) -> None:
    plain = counting_transcriber(acoustic)
    for _ in range(2):
        heard_once(plain)(noise(1.0))
    assert plain.acoustic.asked == pytest.approx([1.0, 1.0])  # type: ignore[attr-defined]
