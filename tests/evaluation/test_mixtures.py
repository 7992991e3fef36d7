"""The judging of mixtures: what is mixed, what counts as right, and the report."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest

from fretscribe.evaluation.mixtures import (
    BANDS,
    LEVELS_DB,
    MixtureRow,
    Solo,
    judge_solos,
    mixtures_markdown,
    rendered_solo,
)
from fretscribe.frames import Audio
from fretscribe.separation.mixture import Mixture

ALONE = Mixture(low_db=-50.0, noise_db=-40.0, gliding=0.0, reasons=(), n_excerpts=1)
MORE = dataclasses.replace(ALONE, reasons=("a banjo",))


@cache
def solo() -> Solo:
    return rendered_solo(0, duration_s=3.0)


def test_a_number_gives_one_solo() -> None:
    again = rendered_solo(0, duration_s=3.0)
    np.testing.assert_array_equal(again.audio.samples, solo().audio.samples)
    assert rendered_solo(1, duration_s=3.0).tab != solo().tab


def test_each_guitar_is_judged_alone_and_with_every_band_at_every_level() -> None:
    heard: list[Audio] = []

    def hear(audio: Audio) -> Mixture:
        heard.append(audio)
        return MORE

    rows = judge_solos(iter([solo()]), hear=hear)
    assert [(row.band, row.level_db) for row in rows] == [
        ((), 0.0), *((band, level_db) for band in BANDS for level_db in LEVELS_DB),
    ]  # fmt: skip
    assert [row.right for row in rows] == [False] + [True] * (len(rows) - 1)
    alone = heard[0].mono()
    assert heard[0] is solo().audio
    for row, audio in zip(rows[1:], heard[1:], strict=True):
        added = np.mean((audio.mono() - alone) ** 2) / np.mean(alone**2)
        expected_db = row.level_db + 10 * np.log10(len(row.band))  # players are not alike
        assert 10 * np.log10(added) == pytest.approx(expected_db, abs=0.01 if len(row.band) == 1 else 1.5)


def test_the_report_counts_by_group_and_names_what_was_wrong() -> None:
    def row(group: str, name: str, heard: Mixture, *, band: bool = False) -> MixtureRow:
        return MixtureRow(
            group=group, name=name, band=("drums",) if band else (), level_db=-6.0 * band, heard=heard
        )

    rows = [row("a", "1", ALONE), row("a", "2", MORE), row("b", "3", ALONE), row("b", "3", MORE, band=True)]
    lines = mixtures_markdown(rows, command="measure it").splitlines()
    cells = {line.split(" | ")[0]: line.split(" | ") for line in lines if line.startswith("| ")}
    assert cells["| a"][1:5] == ["2", "0.50", "—", "—"]
    assert cells["| b"][1:5] == ["1", "1.00", "—", "1.00"]
    assert cells["| **all**"][1:3] == ["3", "0.67"]
    assert lines[-1] == "- a, 2: more than a guitar: a banjo"
