"""A rectangular room, by its mirror images: the reflections that a microphone hears from a guitar in it.

Allen and Berkley, *Image method for efficiently simulating small-room acoustics*, JASA 65 (1979). Built to be
measured on: training's rooms are decaying noise (``effects``). Neighbour: ``held_out`` plays in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fretscribe.datasets.filters import Floats, filtered, high_pass, low_pass

_SPEED_OF_SOUND = 343.0  # m/s
_SOFT_ABOVE_HZ = 5000.0  # furniture and air take the highs of what is reflected
_MODEL_HOLDS_ABOVE_HZ = 50.0  # below it, mirror images of one sign add up to what no room has

Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A room with a guitar and a microphone in it.

    Attributes
    ----------
    size_m : (x, y, z)
    guitar_m, microphone_m : (x, y, z)
        Places, from a corner on the floor.
    absorption : float
        Share of the energy that a wall takes, 0..1.
    length_s : float
        Later reflections are left out.
    most_walls : int, or None
        Only reflections off so many walls; None: all.
    """

    size_m: Point
    guitar_m: Point
    microphone_m: Point
    absorption: float
    length_s: float
    most_walls: int | None = None

    def __post_init__(self) -> None:
        for place in (self.guitar_m, self.microphone_m):
            if not all(0.0 < at < side for at, side in zip(place, self.size_m, strict=True)):
                raise ValueError(f"{place} is not in a room of {self.size_m}")


def room_response(room: Room, sample_rate: int) -> Floats:
    """Impulse response from guitar to microphone: the direct sound is 1, at the first sample.

    Returns
    -------
    float64 array [n_samples]
        ``length_s`` long.
    """
    reach = room.length_s * _SPEED_OF_SOUND
    kept = np.sqrt(1.0 - room.absorption)
    axes = [
        _images(side, guitar, microphone, reach)
        for side, guitar, microphone in zip(room.size_m, room.guitar_m, room.microphone_m, strict=True)
    ]
    (x, walls_x), (y, walls_y), (z, walls_z) = axes
    distance = np.sqrt(x[:, None, None] ** 2 + y[None, :, None] ** 2 + z[None, None, :] ** 2)
    walls = walls_x[:, None, None] + walls_y[None, :, None] + walls_z[None, None, :]
    direct = float(np.linalg.norm(np.subtract(room.guitar_m, room.microphone_m)))
    n_samples = int(room.length_s * sample_rate)
    at = np.rint((distance - direct) / _SPEED_OF_SOUND * sample_rate).astype(np.int64)
    reflected = (at < n_samples) & (walls > 0) & (walls <= (room.most_walls or walls.max()))
    response = np.zeros(n_samples)
    np.add.at(response, at[reflected], (kept**walls * direct / distance)[reflected])
    response = filtered(response, low_pass(_SOFT_ABOVE_HZ, q=0.5), sample_rate)
    response = filtered(response, high_pass(_MODEL_HOLDS_ABOVE_HZ), sample_rate)
    response[0] += 1.0
    return response


def _images(side: float, guitar: float, microphone: float, reach: float) -> tuple[Floats, Floats]:
    """Along one axis: how far each mirror image is from the microphone, and how many walls it stands for."""
    n = np.arange(-int(reach / (2 * side)) - 1, int(reach / (2 * side)) + 2)
    offsets = np.concatenate([2 * n * side + guitar, 2 * n * side - guitar]) - microphone
    walls = np.concatenate([np.abs(2 * n), np.abs(n) + np.abs(n - 1)])
    near = np.abs(offsets) <= reach + side
    return offsets[near].astype(np.float64), walls[near].astype(np.float64)
