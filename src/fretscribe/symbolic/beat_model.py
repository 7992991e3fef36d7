"""What speaks for beats: where in a beat onsets fall, and what sounds on the beats of a bar.

Three things learned from annotated playing (``training.beats``; the file is ``beats.json``):

- *rhythm styles*: where in a beat onsets fall, in a handful of ways of playing (straight eighths, sixteenths,
  shuffles ...). A piece keeps to one of them, which is what tells beats from their halves and thirds;
- *weights* of a log-linear choice among whole grids: how many onsets fall on beats and what kind they are
  (long, chords, low, a new harmony), beat by beat of the bar, how fast the grid is, how much it drifts;
- *strumming hands*: where in a beat chords are strummed down and up (``strokes``).

Does not search: ``beat_walk`` and ``beats`` do.
"""

from __future__ import annotations

import functools
import json
import math
from dataclasses import dataclass
from importlib import resources

import numpy as np
import numpy.typing as npt

from fretscribe.errors import WeightsError
from fretscribe.symbolic.onsets import Onsets
from fretscribe.symbolic.strokes import PLACES, StrummingHands

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SCHEMA = "fretscribe-beats/2"
BUILT_IN = "beats.json"
N_PLACES = 48
"""Places in a beat that a style weighs."""

GRID_FEATURES = (
    *(f"place_{i}" for i in range(12)),
    "off_length", "off_notes", "off_bass", "off_novelty", "off_gap",
    "n_beats", "n_empty", "log_period", "log_period_squared", "styles", "drift",
    "repeats_1", "repeats_2", "repeats_3", "repeats_4",
)  # fmt: skip
"""Of a whole grid; see `Evidence`."""

BEAT_FEATURES = ("onset", "length", "notes", "bass", "novelty", "gap", "missing")
"""Of what sounds on one beat, weighed by the beat's role in the bar."""

OUTLIERS = 0.03
"""Share of onsets that fall anywhere."""

N_ROLES = 4
"""Roles of beats, those of a 4/4 bar: downbeat, second, middle, last."""

_BLUR = 0.3 / N_PLACES
_FINE = 24
_TICKS = 12
_EARLY = -2.5 / _FINE  # an onset so little ahead of a beat belongs to it
_REFERENCE_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class RhythmStyles:
    """Ways of filling a beat: a mixture over pieces of mixtures over places.

    Attributes
    ----------
    places : float64 array [n_styles, N_PLACES]
        Shares of onsets, each row sums to 1.
    shares : float64 array [n_styles]
        Of pieces.
    lag_s : float
        How long after the beat its notes start.
    spread_s : float
        Standard deviation of played onsets around their place.
    """

    places: Array
    shares: Array
    lag_s: float
    spread_s: float

    def log_density(self, places: Array, periods_s: Array) -> Array:
        """Log-density per beat of onsets at ``places`` of beats that last ``periods_s``, [n, n_styles]."""
        return np.asarray(
            np.log((1.0 - OUTLIERS) * self.kernel(places, periods_s) @ self.places.T + OUTLIERS)
        )

    def kernel(self, places: Array, periods_s: Array) -> Array:
        """Density of an onset that is meant for each of the places of a beat, [n, N_PLACES]."""
        meant = np.arange(N_PLACES) / N_PLACES
        off = (places[:, None] - self.lag_s / periods_s[:, None] - meant + 0.5) % 1.0 - 0.5
        spread = np.hypot(self.spread_s / periods_s, _BLUR)[:, None]
        return np.asarray(np.exp(-0.5 * (off / spread) ** 2) / (spread * math.sqrt(2.0 * math.pi)))


@dataclass(frozen=True, slots=True, kw_only=True)
class BeatModel:
    """Everything learned; read it with `built_in_beat_model`.

    Attributes
    ----------
    styles : RhythmStyles
    grid_weights : float64 array [len(GRID_FEATURES)]
    beat_weights : float64 array [N_ROLES, len(BEAT_FEATURES)]
    hands : StrummingHands
    triple_price : float
        What a bar of three must gain over one of four, for every beat.
    players : tuple of str
        Whom it was learned from.
    provenance : str
        What it was learned from.
    """

    styles: RhythmStyles
    grid_weights: Array
    beat_weights: Array
    hands: StrummingHands
    triple_price: float
    players: tuple[str, ...]
    provenance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How onsets lie on a grid.

    Attributes
    ----------
    grid : float64 array [len(GRID_FEATURES)]
    beats : float64 array [n_beats, len(BEAT_FEATURES)]
        A row a beat.
    """

    grid: Array
    beats: Array


def gather(onsets: Onsets, beats_s: Array, styles: RhythmStyles, *, in_threes: bool = False) -> Evidence:
    """What speaks for a grid.

    Parameters
    ----------
    onsets : Onsets
    beats_s : float64 array [n + 1]
        Closes its last beat, and covers the onsets.
    styles : RhythmStyles
    in_threes : bool
        Take beats for dotted ones of three eighths: both eighths off the beat count as the half of a plain
        beat.
    """
    periods = np.diff(beats_s)
    n = len(periods)
    times = onsets.times_s
    beat = np.clip(np.searchsorted(beats_s[:-1] + _EARLY * periods, times, side="right") - 1, 0, n - 1)
    place = (times - beats_s[beat]) / periods[beat]
    quarters = periods / 1.5 if in_threes else periods
    if in_threes:
        third = np.rint(3.0 * place)
        place = np.where(third % 3 == 0, third // 3, 0.5) + 1.5 * (place - third / 3.0)
    fine = np.clip(np.rint(_FINE * place).astype(np.int64), -2, _FINE - 3) + 2
    on, off = fine <= 4, (fine >= 11) & (fine <= 15)
    traits = _traits(onsets, quarters[beat])
    rows = np.zeros((n, len(BEAT_FEATURES)))
    np.add.at(rows[:, 0], beat[on], 1.0)
    np.add.at(rows[:, 1:6], beat[on], traits[on])
    first, last = int(beat[0]), int(beat[-1]) + 1
    rows[first:last, 6] = rows[first:last, 0] == 0
    empty = np.bincount(beat, minlength=n)[first:last] == 0
    log_period = 10.0 * math.log2(float(quarters[first:last].mean()) / _REFERENCE_S)
    drift = 5.0 * float(np.abs(np.diff(np.log(periods[first:last]))).sum())
    fit = styles.log_density(place, quarters[beat]).sum(axis=0) + np.log(styles.shares)
    grid = np.concatenate(
        [
            np.bincount(fine // 2, minlength=12),
            traits[off].sum(axis=0),
            [last - first, int(empty.sum()), log_period, log_period**2 / 10.0],
            [float(np.logaddexp.reduce(fit)), drift],
            _repeats(beat + place),
        ]
    )
    return Evidence(grid=grid, beats=rows)


def _repeats(places: Array) -> Array:
    """How like themselves the onsets are one to four beats later, times the root of their number, [4]."""
    ticks = np.rint(_TICKS * places).astype(np.int64)
    played = np.convolve(np.bincount(ticks - ticks.min()).astype(np.float64), (0.5, 1.0, 0.5))
    found = np.zeros(4)
    for i in range(4):
        now, later = played[: -_TICKS * (i + 1)], played[_TICKS * (i + 1) :]
        norm = math.sqrt(float((now @ now) * (later @ later)))
        found[i] = math.sqrt(len(places)) * float(now @ later) / norm if norm > 0 else 0.0
    return found


def _traits(onsets: Onsets, periods_s: Array) -> Array:
    """What kind of onset each is, [n, 5]: length, notes, bass, novelty, gap."""
    return np.stack(
        [
            np.clip(np.log2(np.maximum(onsets.lengths_s, 0.01) / periods_s), -2.5, 1.5),
            np.minimum(onsets.n_notes, 4.0) - 1.5,
            np.clip(onsets.bass / 8.0, -1.5, 1.5),
            2.0 * onsets.novelty - 0.5,
            np.clip(np.log2(np.maximum(onsets.gaps_s, 0.01) / periods_s), -2.5, 1.5),
        ],
        axis=1,
    )


def roles_of_bar(beats_per_bar: int) -> tuple[int, ...]:
    """Role of each beat of a bar.

    >>> roles_of_bar(4), roles_of_bar(3), roles_of_bar(2), roles_of_bar(6)
    ((0, 1, 2, 3), (0, 1, 3), (0, 2), (0, 1, 1, 2, 1, 3))
    """
    if beats_per_bar <= 2:
        return (0, 2)[:beats_per_bar]
    roles = [0, *[1] * (beats_per_bar - 2), 3]
    if beats_per_bar % 2 == 0:
        roles[beats_per_bar // 2] = 2
    return tuple(roles)


def bar_scores(evidence: Evidence, weights: Array, beats_per_bar: int) -> Array:
    """Score of each phase: element p is that of beat 0 being the p-th of its bar, [beats_per_bar].

    What the roles of a bar have in common is taken from all roles, so that no kind of bar gains by which it
    has.
    """
    of_bar = weights[list(roles_of_bar(beats_per_bar))]
    of_bar = of_bar - of_bar.mean(axis=0) + weights.mean(axis=0)
    sums = np.zeros((beats_per_bar, len(BEAT_FEATURES)))
    np.add.at(sums, np.arange(len(evidence.beats)) % beats_per_bar, evidence.beats)
    gains = sums @ of_bar.T  # [beats of one residue, place in the bar]
    here = np.arange(beats_per_bar)
    return np.array([gains[here, (here + phase) % beats_per_bar].sum() for phase in here])


def render_beat_model(model: BeatModel) -> str:
    """The file's text."""
    styles = model.styles
    document = {
        "schema": SCHEMA,
        "provenance": model.provenance,
        "players": list(model.players),
        "lag_s": styles.lag_s,
        "spread_s": styles.spread_s,
        "shares": _rounded(styles.shares),
        "places": _rounded(styles.places),
        "grid_weights": dict(zip(GRID_FEATURES, _rounded(model.grid_weights), strict=True)),
        "beat_weights": dict(zip(BEAT_FEATURES, _rounded(model.beat_weights.T), strict=True)),
        "triple_price": round(model.triple_price, 4),
        "strokes_down": _rounded(model.hands.down),
        "hands": _rounded(model.hands.shares),
        "share_down": round(model.hands.share_down, 5),
    }
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in document.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _rounded(values: Array) -> list[object]:
    return np.round(values, 5).tolist()  # type: ignore[no-any-return]


def parse_beat_model(data: bytes, name: str) -> BeatModel:
    """Inverse of `render_beat_model`, to five digits.

    Raises
    ------
    WeightsError
        If it is no such file.
    """
    try:
        d = json.loads(data)
        _check_schema(d["schema"])
        shares = _numbers(d["shares"], (len(d["shares"]),))
        places = _numbers(d["places"], (len(shares), N_PLACES))
        return BeatModel(
            styles=RhythmStyles(
                places=places / places.sum(axis=1, keepdims=True),
                shares=shares / shares.sum(),
                lag_s=float(d["lag_s"]),
                spread_s=float(d["spread_s"]),
            ),
            grid_weights=_numbers([d["grid_weights"][k] for k in GRID_FEATURES], (len(GRID_FEATURES),)),
            beat_weights=_numbers(
                [d["beat_weights"][k] for k in BEAT_FEATURES], (len(BEAT_FEATURES), N_ROLES)
            ).T,
            hands=_hands(d["strokes_down"], d["hands"], d["share_down"]),
            triple_price=float(d["triple_price"]),
            players=tuple(str(player) for player in d["players"]),
            provenance=str(d["provenance"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise WeightsError(
            f"{name} is no model of beats: {error}", mend="make it with fretscribe train beats"
        ) from error


def _hands(down: object, shares: list[object], share_down: object) -> StrummingHands:
    of_pieces = _numbers(shares, (len(shares),))
    hands = StrummingHands(
        down=_numbers(down, (len(of_pieces), len(PLACES))),
        shares=of_pieces / of_pieces.sum(),
        share_down=float(_numbers(share_down, ())),
    )
    of_strokes = np.append(hands.down, hands.share_down)
    if np.any((of_strokes <= 0.0) | (of_strokes >= 1.0)) or np.any(of_pieces <= 0.0):
        raise ValueError("shares of strokes lie between 0 and 1")
    return hands


def _check_schema(schema: object) -> None:
    if schema != SCHEMA:
        raise ValueError(f"the schema is not {SCHEMA}")


def _numbers(values: object, shape: tuple[int, ...]) -> Array:
    array = np.array(values, dtype=np.float64)
    if array.shape != shape or not np.isfinite(array).all():
        raise ValueError(f"expected finite numbers of shape {shape}, not {array.shape}")
    return array


@functools.cache
def built_in_beat_model() -> BeatModel:
    """The model that ships, read once."""
    return parse_beat_model(resources.files("fretscribe.symbolic").joinpath(BUILT_IN).read_bytes(), BUILT_IN)
