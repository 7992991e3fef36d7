"""What a player's habits are worth: strings given the notes, learned from some tracks and judged on others.

From annotated notes every player "corrects" two of the three chord progressions of each style, and is judged
on the third, so that no lead sheet stands on both sides; the strength of habits is chosen on the other
players. The development recordings take no part in this.
Neighbours: ``symbolic.habits`` learns, ``personal_sound`` goes the whole route, ``personal_report`` writes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fretscribe.datasets.guitarset import GuitarSet, Style
from fretscribe.errors import DatasetError
from fretscribe.music import TabNote, Tuning
from fretscribe.symbolic.fingering import expected_strings, finger
from fretscribe.symbolic.habits import Habits, HabitStrength, PlacedNote, learn_habits

STRENGTHS = tuple(
    HabitStrength(weight=weight, place_notes=notes)
    for weight, notes in ((0.05, 20.0), (0.1, 20.0), (0.15, 20.0), (0.1, 40.0))
)
"""What is chosen from."""

ALL = 10**9
AMOUNTS = (30, 100, 300, 1000, ALL)
"""Notes to learn from."""

CHOSEN_AT = (100, ALL)
"""Amounts at which the strength is chosen, by their mean: it has to serve few notes and many."""

_PROGRESSION = re.compile(r"^[^_]+_[A-Za-z]+(?P<number>\d)-")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedTrack:
    """An annotated track: its notes where they were played, and where the rules expect them."""

    track_id: str
    player: str
    style: Style
    progression: str
    tuning: Tuning
    notes: tuple[TabNote, ...]
    placed: tuple[PlacedNote, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StringCounts:
    """Notes on the right string, of all notes."""

    n_right: int = 0
    n_notes: int = 0

    def __add__(self, other: StringCounts) -> StringCounts:
        return StringCounts(n_right=self.n_right + other.n_right, n_notes=self.n_notes + other.n_notes)

    @property
    def share(self) -> float:
        return self.n_right / self.n_notes if self.n_notes else 0.0


Judged = Mapping[tuple[str, Style], StringCounts]
"""Counts of every player and style."""

HabitsOf = Callable[[str, str], Habits | None]
"""Player and progression judged -> habits that know nothing of that progression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalResult:
    """All that was measured on annotated notes.

    Attributes
    ----------
    rules : Judged
        Without habits.
    by_amount : mapping of int to Judged
        With each player's own habits from so many notes, at the strength that the other players chose.
    others : Judged
        With habits from as many notes of all other players as one has oneself: what is not personal.
    chosen : mapping of str to HabitStrength
        For each player, by the others.
    best : HabitStrength
        Chosen by all.
    tried : mapping of HabitStrength to mapping of int to Judged
    """

    rules: Judged
    by_amount: Mapping[int, Judged]
    others: Judged
    chosen: Mapping[str, HabitStrength]
    best: HabitStrength
    tried: Mapping[HabitStrength, Mapping[int, Judged]]


def played_tracks(dataset: GuitarSet) -> tuple[PlayedTrack, ...]:
    """All tracks but the development recordings.

    Raises
    ------
    DatasetError
        If an annotation is broken, or a track's name has no progression.
    """
    tracks = []
    for track in dataset.training_tracks():
        match = _PROGRESSION.match(track.track_id)
        if match is None:
            raise DatasetError(
                f"{track.track_id}: which progression is it?", mend="name it as GuitarSet does"
            )
        tab = track.tab()
        expected = expected_strings([n.note for n in tab.notes], tab.tuning)
        placed = [
            PlacedNote(tuning=tab.tuning, pitch=n.note.pitch, string=n.position.string, expected=probs)
            for n, probs in zip(tab.notes, expected, strict=True)
        ]
        tracks.append(
            PlayedTrack(
                track_id=track.track_id,
                player=track.player,
                style=track.style,
                progression=match["number"],
                tuning=tab.tuning,
                notes=tab.notes,
                placed=tuple(placed),
            )
        )
    return tuple(tracks)


def measure_personal(
    tracks: Sequence[PlayedTrack], *, progress: Callable[[str], None] = lambda _: None
) -> PersonalResult:
    """Judge habits of every player.

    Raises
    ------
    DatasetError
        If there is only one player.
    """
    players = sorted({track.player for track in tracks})
    if len(players) < 2:
        raise DatasetError(
            "habits are judged player by player: there is only one", mend="give all of GuitarSet"
        )
    progress("rules alone")
    rules = judge(tracks, lambda player, progression: None)
    tried: dict[HabitStrength, dict[int, Judged]] = {}
    for strength in STRENGTHS:
        progress(f"weight {strength.weight}, {strength.place_notes:g} notes")
        of_all = dict.fromkeys(players, strength)
        tried[strength] = {n: judge(tracks, own_habits(tracks, of_all, amount=n)) for n in CHOSEN_AT}
    chosen = {player: best_strength(tried, without=player) for player in players}
    by_amount: dict[int, Judged] = {}
    for amount in AMOUNTS:
        if amount in CHOSEN_AT:
            by_amount[amount] = {key: tried[chosen[key[0]]][amount][key] for key in rules}
        else:
            progress(f"habits from {amount} notes")
            by_amount[amount] = judge(tracks, own_habits(tracks, chosen, amount=amount))
    progress("habits of the others")
    return PersonalResult(
        rules=rules,
        by_amount=by_amount,
        others=judge(tracks, others_habits(tracks, chosen)),
        chosen=chosen,
        best=best_strength(tried),
        tried=tried,
    )


def best_strength(
    tried: Mapping[HabitStrength, Mapping[int, Judged]], *, without: str | None = None
) -> HabitStrength:
    """The strength with the best mean, over players and amounts, of the share of right strings."""

    def score(strength: HabitStrength) -> float:
        shares = [of_players(judged) for judged in tried[strength].values()]
        return float(np.mean([v for of in shares for player, v in of.items() if player != without]))

    return max(tried, key=score)


def of_players(judged: Judged, style: Style | None = None) -> dict[str, float]:
    """Share of right strings of every player, in one style or in both."""
    pooled: defaultdict[str, StringCounts] = defaultdict(StringCounts)
    for (player, of_style), counts in judged.items():
        if style in (None, of_style):
            pooled[player] += counts
    return {player: counts.share for player, counts in sorted(pooled.items())}


def own_habits(
    tracks: Sequence[PlayedTrack], strength: Mapping[str, HabitStrength], *, amount: int
) -> HabitsOf:
    """What is learned from some notes of the same player's other progressions."""

    def habits(player: str, progression: str) -> Habits:
        own = [t for t in tracks if t.player == player and t.progression != progression]
        np.random.default_rng(0).shuffle(own)  # 30 notes are of one track: it is drawn
        placed = [note for track in own for note in track.placed][:amount]
        return learn_habits(placed, n_recordings=len(own), strength=strength[player])

    return habits


def others_habits(tracks: Sequence[PlayedTrack], strength: Mapping[str, HabitStrength]) -> HabitsOf:
    """What is learned from other players' other progressions, drawn as many as the player's own notes."""

    def habits(player: str, progression: str) -> Habits:
        rest = [t for t in tracks if t.progression != progression]
        n_own = sum(len(t.placed) for t in rest if t.player == player)
        others = [note for t in rest if t.player != player for note in t.placed]
        drawn = np.random.default_rng(0).permutation(len(others))[:n_own]
        return learn_habits([others[i] for i in drawn], n_recordings=len(rest), strength=strength[player])

    return habits


def judge(tracks: Sequence[PlayedTrack], habits_of: HabitsOf) -> Judged:
    """Finger every track's notes with habits, and count the right strings."""
    known: dict[tuple[str, str], Habits | None] = {}
    counts: defaultdict[tuple[str, Style], StringCounts] = defaultdict(StringCounts)
    for track in tracks:
        key = track.player, track.progression
        if key not in known:
            known[key] = habits_of(*key)
        counts[track.player, track.style] += right_strings(track, known[key])
    return dict(counts)


def right_strings(track: PlayedTrack, habits: Habits | None) -> StringCounts:
    """Notes that fingering puts on the string where they were played; left-out notes are wrong."""
    found: defaultdict[tuple[float, int], list[int]] = defaultdict(list)
    for note in finger([n.note for n in track.notes], track.tuning, habits=habits).notes:
        found[note.note.onset_s, note.note.pitch].append(note.position.string)
    n_right = 0
    for note in track.notes:
        strings = found[note.note.onset_s, note.note.pitch]
        if note.position.string in strings:
            strings.remove(note.position.string)
            n_right += 1
    return StringCounts(n_right=n_right, n_notes=len(track.notes))
