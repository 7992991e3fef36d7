"""How often a guitar alone is told from a guitar among others.

Guitars alone are rendered ones that the thresholds were not chosen on, guitars in every tuning, held-out
instruments that play real performances, and the development recordings. Each is judged alone, and once for
every band that plays along with it at several levels. What it does not say: how real songs fare, of which
none with a known guitar is at hand; the bands are sketches. Neighbours: ``datasets.band`` plays along,
``separation.mixture`` judges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fretscribe.datasets.band import Player, play_along
from fretscribe.datasets.effects import random_recording, record
from fretscribe.datasets.filters import Floats
from fretscribe.datasets.guitars import random_guitar
from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS, GuitarSet
from fretscribe.datasets.held_out import HELD_OUT_INSTRUMENTS, perform
from fretscribe.datasets.idioms import generate_tab
from fretscribe.datasets.sample_bank import SampleVoice
from fretscribe.datasets.synthetic import RENDER_RATE, render_strings
from fretscribe.datasets.tuned_guitars import play_tuned
from fretscribe.evaluation.tunings import plan_piece
from fretscribe.frames import Audio, FloatArray
from fretscribe.io.audio import read_audio
from fretscribe.music import Tab
from fretscribe.separation.mixture import Mixture, hear_mixture
from fretscribe.symbolic.tuning import CONSIDERED

SEED = 78
"""The thresholds were chosen on clips of seed 77."""

N_RENDERED = 60
RENDERED_S = 20.0
BANDS: tuple[tuple[Player, ...], ...] = (("drums",), ("bass",), ("voice",), ("drums", "bass", "voice"))
LEVELS_DB = (-12.0, -6.0, 0.0)
"""Of each player against the guitar, root mean squares over the whole."""

RENDERED, TUNED, RECORDED = "rendered guitars", "rendered guitars in every tuning", "development recordings"
_QUIET = 1e-6

Hear = Callable[[Audio], Mixture]
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solo:
    """A guitar alone.

    Attributes
    ----------
    group, name : str
        What it is counted under, and which one it is.
    tab : Tab
        What it plays: players play along with it.
    audio : Audio
        Mono.
    """

    group: str
    name: str
    tab: Tab
    audio: Audio


@dataclass(frozen=True, slots=True, kw_only=True)
class MixtureRow:
    """One judgement.

    Attributes
    ----------
    group, name : str
        See `Solo`.
    band : tuple of Player
        Who plays along; empty for a guitar alone.
    level_db : float
        Of each of them against the guitar.
    heard : Mixture
    """

    group: str
    name: str
    band: tuple[Player, ...]
    level_db: float
    heard: Mixture

    @property
    def right(self) -> bool:
        """Whether it was judged as what it is."""
        return self.heard.more_than_guitar == bool(self.band)


def judge_solos(
    solos: Iterator[Solo], *, hear: Hear = hear_mixture, progress: Progress = lambda _: None
) -> tuple[MixtureRow, ...]:
    """Judge each guitar alone, and with every band at every level."""
    rows = []
    for solo in solos:
        progress(f"{solo.group}: {solo.name}")
        row = MixtureRow(group=solo.group, name=solo.name, band=(), level_db=0.0, heard=hear(solo.audio))
        rows.append(row)
        parts = _parts(solo)
        for band in BANDS:
            for level_db in LEVELS_DB:
                heard = hear(_mixed(solo, [parts[player] for player in band], level_db))
                rows.append(
                    MixtureRow(group=solo.group, name=solo.name, band=band, level_db=level_db, heard=heard)
                )
    return tuple(rows)


def all_solos(dataset: GuitarSet, voices: Mapping[str, SampleVoice]) -> Iterator[Solo]:
    """Every guitar alone that is judged.

    Parameters
    ----------
    dataset : GuitarSet
        Its development tracks are read, and played on the held-out instruments.
    voices : mapping of name to SampleVoice
        Those of the instruments, see ``datasets.held_out.load_voices``.
    """
    yield from recorded_solos(dataset)
    for number in range(N_RENDERED):
        yield rendered_solo(number)
    for name in CONSIDERED:
        piece = plan_piece(name, 0)
        audio = play_tuned(piece.tab, piece.guitar, detune_cents=piece.cents, seed=piece.seed)
        yield Solo(group=TUNED, name=f"{name} on {piece.guitar.heard_as}", tab=piece.tab, audio=audio)
    for instrument in HELD_OUT_INSTRUMENTS:
        for track_id in DEVELOPMENT_TRACKS:
            played = perform(instrument, dataset.track(track_id).tab(), voices)
            yield Solo(
                group=f"held out: {instrument.name}", name=track_id, tab=played.tab, audio=played.audio
            )


def recorded_solos(dataset: GuitarSet) -> Iterator[Solo]:
    """The development recordings."""
    for track_id in DEVELOPMENT_TRACKS:
        track = dataset.track(track_id)
        audio = read_audio(track.audio_path("mic")).audio
        yield Solo(group=RECORDED, name=track_id, tab=track.tab(), audio=audio)


def rendered_solo(number: int, *, duration_s: float = RENDERED_S) -> Solo:
    """A random guitar through a random recording chain; a function of the arguments alone."""
    rng = np.random.default_rng([SEED, number])
    tab = generate_tab(rng, duration_s=duration_s)
    guitar = random_guitar(rng, tab.tuning, kind=None)
    strings = render_strings(tab, guitar, rng, duration_s=duration_s)
    sound = record(strings, random_recording(rng, guitar.kind), rng, sample_rate=RENDER_RATE)
    audio = Audio(samples=sound[np.newaxis].astype(np.float32), sample_rate=RENDER_RATE)
    return Solo(group=RENDERED, name=f"{number} {guitar.kind}", tab=tab, audio=audio)


def _parts(solo: Solo) -> dict[Player, Floats]:
    """What each player adds, as loud as the guitar."""
    rng = np.random.default_rng([SEED, *solo.group.encode(), *solo.name.encode()])
    audio, loudness = solo.audio, _rms(solo.audio.mono())
    parts = {}
    for player in dict.fromkeys(player for band in BANDS for player in band):
        part = play_along(player, solo.tab, audio.n_samples, rng, sample_rate=audio.sample_rate)
        parts[player] = part * (loudness / max(_rms(part), _QUIET))
    return parts


def _mixed(solo: Solo, parts: Sequence[Floats], db: float) -> Audio:
    mix = solo.audio.mono() + 10 ** (db / 20) * np.sum(parts, axis=0)
    return Audio(samples=mix[np.newaxis].astype(np.float32), sample_rate=solo.audio.sample_rate)


def _rms(sound: Floats | FloatArray) -> float:
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64))))


def mixtures_markdown(rows: Sequence[MixtureRow], *, command: str) -> str:
    """The report: a row for each group of guitars, then what was taken for more than a guitar.

    Parameters
    ----------
    rows : sequence of MixtureRow
    command : str
        What makes the report again.
    """
    heads = [f"{'+'.join(band)} {level_db:g}" for band in BANDS for level_db in LEVELS_DB]
    lines = ["# A guitar alone, or among others", "", *_INTRODUCTION, "", "```", command, "```", ""]
    lines += [f"| guitars | n | alone | {' | '.join(heads)} |", "|---|" + "--:|" * (len(heads) + 2)]
    for group in (*dict.fromkeys(row.group for row in rows), None):
        here = [row for row in rows if group in (None, row.group)]
        shares = [_share_right(here, (), 0.0)]
        shares += [_share_right(here, band, level_db) for band in BANDS for level_db in LEVELS_DB]
        n_solos = sum(not row.band for row in here)
        lines.append(f"| {group or '**all**'} | {n_solos} | {' | '.join(shares)} |")
    wrong = [row for row in rows if not row.band and not row.right]
    lines += ["", "## Guitars alone that were taken for more", ""]
    lines += [f"- {row.group}, {row.name}: {row.heard}" for row in wrong] or ["None."]
    return "\n".join(lines) + "\n"


_INTRODUCTION = (
    "What `--separate auto` decides by. Share judged right: alone, and with players that are added, each",
    "at so many decibels against the guitar. The thresholds were chosen on other rendered guitars and bands",
    "and on the development recordings. Drums, bass and voice are sketches: what real songs give is not",
    "known.",
)


def _share_right(rows: Sequence[MixtureRow], band: tuple[Player, ...], level_db: float) -> str:
    chosen = [row.right for row in rows if (row.band, row.level_db) == (band, level_db)]
    return f"{sum(chosen) / len(chosen):.2f}" if chosen else "—"
