"""No text makes the reader raise anything but its own error, or take a second.

3,000 mutated layouts by default; more with ``FRETSCRIBE_FUZZ=100000 python -m pytest --timeout 0`` on this
file. What is mutated: the layouts below, and excerpts of the data's, where they are there.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fretscribe.errors import TabFormatError
from fretscribe.io.text_tab_reader import parse_text_tab

DATA = (
    Path(os.environ.get("FRETSCRIBE_DATA", Path(__file__).parents[3] / "shared" / "data")) / "tabs" / "text"
)
N_MUTATIONS = int(os.environ.get("FRETSCRIBE_FUZZ", "3000"))
SEED = int(os.environ.get("FRETSCRIBE_FUZZ_SEED", "1"))
LONGEST_S = 1.0
EXCERPT_LINES = 20

_LAYOUTS = (
    "Tuning: Drop C (C G C F A D)\nCapo: 2nd fret   Tempo: 140 bpm  Time: 3/4\n\n[Intro] x2\n"
    "   Am      G7/B\n   PM----|  let ring--\n"
    "D|-----3h5p3-|--<12>--7b9r7--| x4\nA|-5/7--------|--x--(5)--12~~~|\n"
    "F|-----------|---------------|\nC|--10-12-14-|-777-22-35-05--|\nG|-----------|---------------|\n"
    "C|-0-0-0-0-0-|---------------|\n   1 & 2 & 3 &\n",
    "[tab]e│―3―│\r\n\r\nB│―5―│\r\n\r\nG│―5―│\r\n\r\nD│―5―│\r\n\r\nA│―3―│\r\n\r\nE│―――│[/tab]\r\n",
    "E|--0--2--|\nA|--2--2--|\nD|--2--4--|\nG|--1--4--|\nB|--0--2--|\ne|--0--2--|\n",
    "----3----|\n--5---5--|\n5--------|\n---------|\n---------|\n---------|\n",
    "G|:--2--2--:|\nD|:--2--2--:| 3x\nA|:--0--0--:|\nE|:--------:|\n",
    "[Verse]\nAm    F   C\nla la la la\n[Ch]G[/ch] [Em]la [D]la\n",
    " q   e e  q.  e\ne|-3---5-7--8---3-|\nB|---------------|\n"
    "G|------|  [4x] |--3--|\nD|--(in verse)--|\nA|--|\nE|-|\n",
)
_ALPHABET = "-|0123456789hpbrx/\\~<>()[]{}:*.^eBGDAELbs \t\n\r│―½é\u200b\u2028\x00%&+=?PMxX'\""


def _sources() -> list[list[str]]:
    texts = [*_LAYOUTS]
    if DATA.is_dir():
        texts += [path.read_text(encoding="utf-8") for path in sorted(DATA.glob("*.txt"))]
    return [text.split("\n") for text in texts]


def mutated(sources: list[list[str]], rng: random.Random) -> str:
    """An excerpt of a source with one to eight things done to it."""
    lines = list(rng.choice(sources))
    start = rng.randrange(max(1, len(lines) - EXCERPT_LINES))
    lines = lines[start : start + EXCERPT_LINES]
    for _ in range(rng.randint(1, 8)):
        if not lines:
            lines = [""]
        i = rng.randrange(len(lines))
        line = lines[i]
        at = rng.randrange(len(line) + 1)
        end = min(len(line), at + rng.randint(0, 6))
        other = rng.choice(rng.choice(sources))
        what = rng.randrange(9)
        if what == 0:
            lines[i] = line[:at] + line[end:]
        elif what == 1:
            lines[i] = line[:at] + "".join(rng.choices(_ALPHABET, k=rng.randint(1, 6))) + line[at:]
        elif what == 2:
            lines[i] = line[:at] + rng.choice(_ALPHABET) * rng.randint(2, 300) + line[end:]
        elif what == 3:
            del lines[i]
        elif what == 4:
            lines[i:i] = [line] * rng.randint(1, 12)
        elif what == 5:
            lines[i] = other
        elif what == 6:
            j = rng.randrange(len(lines))
            lines[i], lines[j] = lines[j], lines[i]
        elif what == 7:
            lines[i] = line + other
        else:
            lines[i] = line[at:] + line[:at]
    return "\n".join(lines)


@pytest.mark.slow
def test_mutations() -> None:
    rng = random.Random(SEED)  # noqa: S311 - not for secrets
    sources = _sources()
    n_read = 0
    slowest = 0.0
    for _ in range(N_MUTATIONS):
        text = mutated(sources, rng)
        started = time.process_time()
        try:
            parsed = parse_text_tab(text)
        except TabFormatError:
            continue
        finally:
            slowest = max(slowest, time.process_time() - started)
        n_read += 1
        assert len(parsed.events) == len(parsed.tab.notes), text
    sys.stdout.write(f"{N_MUTATIONS} mutations, {n_read} read, the slowest took {slowest:.3f} s\n")
    assert slowest < LONGEST_S
    assert n_read > N_MUTATIONS // 2


@settings(max_examples=200)
@given(st.text() | st.text(alphabet=_ALPHABET, max_size=400) | st.binary(max_size=400))
def test_any_text(data: str | bytes) -> None:
    try:
        parse_text_tab(data)
    except TabFormatError as error:
        assert "no line looks like" in error.message  # noqa: PT017 - most texts are no tabs


@pytest.mark.parametrize(
    "text",
    [
        "e|" + "-" * 200_000,
        "e|" + "3" * 20_000,
        "|" * 200_000,
        "e|" + "-|" * 20_000,
        "e|-3-" + " " * 200_000 + "x",
        "[a][/a]" * 20_000 + "\ne|-3-|",
        "(" * 100_000 + "\ne|" + "-(" * 20_000,
        "PM" + " PM" * 20_000 + "\ne|-3-|",
        "e|-3-|\n" + "\n" * 200_000 + "e|-3-|",
        "Am " * 20_000,
        "\t" * 20_000 + "e|-3-|",
        "tuning " * 20_000,
        "e|-3-|\n\nB|-3-|\n\n\n" * 1_500,
        "x12" * 20_000 + "e|---| " + "x12" * 20_000,
    ],
    ids=range(14),
)
def test_long_monotonous_texts_take_linear_time(text: str) -> None:
    started = time.process_time()
    with contextlib.suppress(TabFormatError):
        parse_text_tab(text)
    assert time.process_time() - started < 5.0
