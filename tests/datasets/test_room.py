"""A room by mirror images: reflections where geometry puts them, a decay of plausible length."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from fretscribe.datasets.room import Room, room_response

RATE = 22050
ROOM = Room(
    size_m=(5.0, 4.0, 2.5),
    guitar_m=(2.0, 2.0, 1.0),
    microphone_m=(3.0, 2.0, 1.0),
    absorption=0.3,
    length_s=0.4,
)


def test_the_direct_sound_is_first_and_has_gain_one() -> None:
    response = room_response(ROOM, RATE)
    assert response.shape == (int(0.4 * RATE),)
    assert response[0] == pytest.approx(1.0, abs=0.02)
    assert np.abs(response[1:]).max() < 0.5


def test_the_first_reflection_comes_off_the_floor() -> None:
    response = room_response(dataclasses.replace(ROOM, most_walls=1), RATE)
    path_m = np.sqrt(1.0 + 2.0**2)  # 1 m along, down 1 m and up again
    expected = round((path_m - 1.0) / 343.0 * RATE)
    reflections = np.abs(response[1:])
    first = 1 + int(np.argmax(reflections > 0.3 * reflections.max()))
    assert abs(first - expected) <= 3  # soft walls spread it by some samples


def test_the_sound_decays_faster_in_a_furnished_room() -> None:
    times_s = []
    for absorption in (0.15, 0.35):
        response = room_response(dataclasses.replace(ROOM, absorption=absorption), RATE)
        left = np.cumsum(response[:0:-1] ** 2)[::-1]
        db = 10 * np.log10(left / left[0])
        times_s.append(3 * (np.argmax(db < -25) - np.argmax(db < -5)) / RATE)
    assert 0.1 < times_s[1] < 0.4 < times_s[0] < 1.2


def test_few_walls_leave_early_reflections_only() -> None:
    early = room_response(dataclasses.replace(ROOM, most_walls=2), RATE)
    full = room_response(ROOM, RATE)
    assert (early[RATE // 10 :] ** 2).sum() < 1e-3 * (full[RATE // 10 :] ** 2).sum()


def test_guitar_and_microphone_must_be_in_the_room() -> None:
    with pytest.raises(ValueError, match="not in a room"):
        dataclasses.replace(ROOM, microphone_m=(5.5, 1.0, 1.0))
