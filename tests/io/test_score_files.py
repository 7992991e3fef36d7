"""Score files of public test suites: every one is read or refused with a reason, and as alphaTab reads it."""

from __future__ import annotations

import os
import random
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from alphatab import read_with_alphatab
from fretscribe.errors import FretscribeError, InputError
from fretscribe.io.formats import SCORES, format_of, read_score
from fretscribe.io.gpif_reader import parse_gpif
from fretscribe.io.gpx_container import read_gpx_member
from fretscribe.io.guitar_pro_reader import parse_guitar_pro
from fretscribe.io.musicxml_reader import parse_musicxml
from fretscribe.io.score import Score
from fretscribe.io.score_order import unrolled_order
from fretscribe.io.score_to_tab import score_to_tab
from fretscribe.pipeline.importing import import_tab, tab_of_score

DATA = Path(os.environ.get("FRETSCRIBE_DATA", Path(__file__).parents[3] / "shared" / "data"))
HOME = DATA / "tabs" / "gp"
SUFFIXES = (".gp3", ".gp4", ".gp5", ".gpx", ".gp", ".musicxml", ".xml", ".mxl")
FILES = sorted(p for p in HOME.rglob("*") if p.suffix in SUFFIXES) if HOME.is_dir() else []

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FILES, reason="the score files of the shared data are not on this machine"),
]


def _say(line: str) -> None:
    """Shown by pytest with -s or -rP."""
    sys.stdout.write(f"{line}\n")


def test_every_file_is_read_or_refused_with_a_reason() -> None:
    read: Counter[str] = Counter()
    refused: dict[Path, str] = {}
    n_notes = 0
    for path in FILES:
        try:
            n_notes += len(import_tab(path, unroll=True).tab.notes)
        except InputError as e:
            refused[path] = e.message
        else:
            read[path.suffix] += 1
    for suffix in SUFFIXES:
        n_files = sum(p.suffix == suffix for p in FILES)
        _say(f"{suffix}: {read[suffix]} of {n_files} read")
    _say("\n".join((f"{n_notes} notes; refused:", *refused.values())))
    for path, message in refused.items():
        assert message.startswith(f"{path}: ")
        assert len(message) > len(f"{path}: ") + 10
    assert read.total() >= 0.95 * len(FILES)
    assert n_notes > 5000


SEEDS = (
    "guitarpro3/effects.gp3", "guitarpro4/bends.gp4", "guitarpro5/repeat-close.gp5", "guitarpro5/tuplets.gp5",
    "guitarpro6/slides.gpx", "guitarpro7/grace.gp", "guitarpro7/bends.gp", "musicxml4/bends.xml",
    "musicxml3/tie-destination.musicxml", "musicxml3/compressed.mxl", "musicxml4/timewise-basic.xml",
)  # fmt: skip


def _mutated(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        if not changed:
            break
        at = chance.randrange(len(changed))
        match chance.randrange(5):
            case 0:
                changed[at] = chance.randrange(256)
            case 1:
                del changed[at : at + chance.choice((1, 2, 4, 40, 400))]
            case 2:
                other = chance.randrange(len(changed))
                changed[at:at] = changed[other : other + chance.choice((1, 4, 40, 400))]
            case 3:
                del changed[at:]
            case _:
                extremes = (b"\xff\xff\xff\x7f", bytes(4), b"\xff" * 4, b"9999", b"-1", b"0.5", b"<x>", b"")
                changed[at : at + 4] = chance.choice(extremes)
    return bytes(changed)


@pytest.mark.parametrize("seed", SEEDS)
def test_broken_files_raise_our_errors_and_no_others(seed: str) -> None:
    paths = [p for p in FILES if p.as_posix().endswith(seed)]
    assert paths, f"{seed} is not among the files"
    path, chance = paths[0], random.Random(seed)  # noqa: S311 - not for secrets
    data = path.read_bytes()
    forms = [(parse_musicxml if format_of(path) == "musicxml" else parse_guitar_pro, data)]
    if path.suffix == ".gpx":  # inside their containers too, where chance would hardly get
        forms.append((parse_gpif, read_gpx_member(data, "score.gpif", "x")))
    if path.suffix == ".gp":
        with zipfile.ZipFile(path) as archive:
            forms.append((parse_gpif, archive.read("Content/score.gpif")))
    outcomes: Counter[str] = Counter()
    for i in range(300):
        parse, whole = forms[i % len(forms)]
        try:
            tab_of_score(parse(_mutated(whole, chance), "broken"), unroll=bool(i % 3))
        except FretscribeError as e:
            assert "broken" in e.message  # noqa: PT017 - the error is what is tested
            outcomes["refused"] += 1
        else:
            outcomes["read"] += 1
    _say(f"{seed}: {dict(outcomes)}")
    assert outcomes["refused"] > 20


@pytest.fixture(scope="module")
def readings() -> list[tuple[Path, Score, dict[str, object]]]:
    """Every file that both read: ours and alphaTab's reading."""
    pairs = []
    for path, theirs in zip(FILES, read_with_alphatab(FILES), strict=True):
        try:
            ours = read_score(path)
        except FretscribeError:
            continue
        if "error" not in theirs and len(ours.tracks) == len(_staves(theirs)):
            pairs.append((path, ours, theirs))
    _say(f"{len(pairs)} of {len(FILES)} files are read by both, with as many tracks")
    assert len(pairs) >= 0.95 * len(FILES)
    return pairs


def _staves(theirs: dict) -> dict[tuple[int, int], int]:
    """(track, staff) -> index of our track."""
    keys = [(t, s) for t, track in enumerate(theirs["tracks"]) for s in range(len(track["staves"]))]
    return {key: i for i, key in enumerate(keys)}


def _tabbed(ours: Score) -> set[int]:
    return {i for i, t in enumerate(ours.tracks) if t.open_pitches and t.kind != "drums"}


def _written(ours: Score) -> Iterator[tuple]:
    """Track, bar, beat, string, fret, grace of every note; beats in fiftieths, as alphaTab rounds."""
    for t in _tabbed(ours):
        for b, bar in enumerate(ours.tracks[t].bars):
            for beat in bar.beats:
                for note in beat.notes:
                    yield t, b, round(float(beat.start) * 50), note.string, note.fret, beat.grace is not None


def _their_notes(theirs: dict, tabbed: set[int]) -> Iterator[tuple]:
    indices = _staves(theirs)
    for track, staff, bar, _, start, string, fret, tied, grace, _, _ in theirs["notes"]:
        t = indices[track, staff]
        if t in tabbed and string >= 0:
            yield t, bar, start, string, fret, tied, grace


def _told(agreed: Counter[str], total: Counter[str], causes: dict[str, str]) -> None:
    for suffix in SUFFIXES:
        if total[suffix]:
            _say(f"{suffix}: {agreed[suffix]} of {total[suffix]} notes agree")
    share = agreed.total() / total.total()
    _say(f"all: {agreed.total()} of {total.total()} notes agree ({share:.2%})")
    for name, cause in causes.items():
        _say(f"  {name}: {cause}")


def test_notes_as_written_agree_with_alphatab(readings: list) -> None:
    agreed: Counter[str] = Counter()
    total: Counter[str] = Counter()
    causes = {}
    for path, ours, theirs in readings:
        est = Counter(_written(ours))
        ref = Counter(
            (t, bar, round(start * 50), string, fret, grace)
            for t, bar, start, string, fret, _, grace in _their_notes(theirs, _tabbed(ours))
        )
        agreed[path.suffix] += (est & ref).total()
        total[path.suffix] += max(est.total(), ref.total())
        if est != ref:
            causes[path.name] = f"only theirs {dict(ref - est)}, only ours {dict(est - ref)}"[:300]
    _told(agreed, total, causes)
    assert total.total() > 10_000
    for suffix, n_notes in total.items():
        assert agreed[suffix] >= 0.98 * n_notes, suffix


def test_notes_of_the_tabs_agree_with_alphatab(readings: list) -> None:
    """After ties and cuts, in beats from the start; graces and the notes they delay are left aside."""
    agreed: Counter[str] = Counter()
    total: Counter[str] = Counter()
    causes = {}
    for path, ours, theirs in readings:
        starts = [0.0]
        for bar in ours.bars:
            starts.append(starts[-1] + float(bar.length))
        similes = {b for t in ours.tracks for b, bar in enumerate(t.bars) if bar.simile}
        graced = {
            (t, b, round(float(beat.start) * 50))
            for t, track in enumerate(ours.tracks)
            for b, bar in enumerate(track.bars)
            for beat in bar.beats
            if beat.grace
        }
        ref = Counter(
            (t, round((starts[bar] + start) * 50), string, fret)
            for t, bar, start, string, fret, tied, grace in _their_notes(theirs, _tabbed(ours))
            if not tied and not grace and (t, bar, round(start * 50)) not in graced and bar not in similes
        )
        est: Counter[tuple] = Counter()
        for t in _tabbed(ours):
            result = score_to_tab(ours, track=str(t + 1))
            assert result.tab.beats is not None
            pad = result.tab.beats.beat_unit / 4
            est.update(
                (t, round(float(n.onset_beats) / pad * 50), n.position.string, n.position.fret)
                for n in result.tab.notes
                if n.onset_beats is not None
            )
        agreed[path.suffix] += (est & ref).total()
        total[path.suffix] += ref.total()
        if ref - est:
            causes[path.name] = f"only theirs {dict(ref - est)}"[:300]
    _told(agreed, total, causes)
    for suffix, n_notes in total.items():
        assert agreed[suffix] >= 0.98 * n_notes, suffix


def test_bars_and_their_order_agree_with_alphatab(readings: list) -> None:
    n_bars, same_bars, n_orders, other_orders = 0, 0, 0, []
    for path, ours, theirs in readings:
        assert len(ours.bars) == len(theirs["bars"]), path
        for mine, bar in zip(ours.bars, theirs["bars"], strict=True):
            n_bars += 1
            same_bars += (
                abs(float(mine.length) - bar["length"]) < 0.001
                and mine.repeat_open == bar["repeat_start"]
                and max(mine.repeat_close, 1) == max(bar["repeat_count"], 1)
            )
        if not any(bar.jumps for bar in ours.bars):
            n_orders += 1
            if list(unrolled_order(ours.bars, path.name)) != theirs["order"]:
                other_orders.append(path.name)
    _say(
        f"{same_bars} of {n_bars} bars agree; {len(other_orders)} of {n_orders} orders differ: {other_orders}"
    )
    assert same_bars >= 0.98 * n_bars
    assert len(other_orders) <= 0.03 * n_orders


def test_tunings_and_capos_agree_with_alphatab(readings: list) -> None:
    for path, ours, theirs in readings:
        for (track, staff), t in _staves(theirs).items():
            if t in _tabbed(ours):
                said = theirs["tracks"][track]["staves"][staff]
                mine = ours.tracks[t]
                assert (list(mine.open_pitches), mine.capo) == (said["tuning"], said["capo"]), path


def test_all_suffixes_are_registered() -> None:
    assert {format_of(f"a{suffix}") for suffix in (*SUFFIXES, ".synced.gp")} == set(SCORES)
