from dataclasses import replace

import numpy as np
import pytest

from fretscribe.symbolic.harmony_model import (
    CHORD_QUALITIES,
    KEYS,
    N_CHORDS,
    SHIPPED,
    HarmonyModel,
    harmony_tables,
)
from fretscribe.symbols import QUALITIES


def test_tables_are_probabilities():
    tables = harmony_tables()
    for table in (tables.tones, tables.bass, tables.chords, tables.lines):
        assert np.exp(table).sum(axis=-1) == pytest.approx(1.0, abs=0.003)
    assert tables.profiles.sum(axis=1) == pytest.approx(0.0)


def test_keys_are_turns_of_one_another():
    tables = harmony_tables()
    n = len(CHORD_QUALITIES)
    for row, key in enumerate(KEYS):
        of_c = 0 if key.mode == "major" else 12
        for name in ("lines", "profiles"):
            table = getattr(tables, name)
            assert np.array_equal(table[row], np.roll(table[of_c], key.tonic))
        chords = tables.chords[:, :N_CHORDS].reshape(24, 12, n)
        assert np.array_equal(chords[row], np.roll(chords[of_c], key.tonic, axis=0))
        tones = tables.tones.reshape(24, 12, n, 12)
        assert np.array_equal(tones[row], np.roll(tones[of_c], (key.tonic, key.tonic), axis=(0, 2)))


def test_a_key_prefers_its_own_chords():
    c_major = harmony_tables().chords[0, :N_CHORDS].reshape(12, -1)
    major, minor = CHORD_QUALITIES.index(""), CHORD_QUALITIES.index("m")
    assert int(np.argmax(c_major[:, major])) == 0
    assert c_major[2, minor] > c_major[2, major]
    assert c_major[7, major] > c_major[7, minor]
    assert c_major[5, major] > c_major[6, major]


def test_qualities_are_known_and_weighed():
    assert set(CHORD_QUALITIES) <= set(QUALITIES)
    with pytest.raises(ValueError, match="weights"):
        replace(SHIPPED, qualities=(1.0,))


def test_tables_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        harmony_tables(HarmonyModel()).tones[0, 0, 0] = 1.0
