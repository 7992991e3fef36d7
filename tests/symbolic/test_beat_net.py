import io

import numpy as np
import pytest

from fretscribe.datasets.idioms import generate_tab
from fretscribe.errors import WeightsError
from fretscribe.music import Note
from fretscribe.symbolic.beat_net import (
    beat_chances,
    built_in_beat_net,
    parse_beat_net,
    render_beat_net,
)
from fretscribe.symbolic.onset_rows import FRAME_HZ, N_ROWS, SOUNDING, onset_rows


def piece(seed, seconds):
    tab = generate_tab(seed, duration_s=seconds)
    return [n.note for n in tab.notes], np.array([t for t in tab.beats.beat_times_s if t < seconds - 1.0])


def at(chances, times_s):
    return chances.sum(axis=0)[np.round(times_s * FRAME_HZ).astype(int)]


def test_chances_are_high_on_beats_and_low_between():
    on, between = [], []
    for seed in range(6):
        notes, beats = piece(seed, 20.0)
        chances = beat_chances(notes, 21.0, built_in_beat_net())
        assert chances.shape == (2, int(21.0 * FRAME_HZ) + 1)
        assert (chances >= 0).all()
        assert (chances.sum(axis=0) <= 1.0 + 1e-5).all()
        on.append(at(chances, beats).mean())
        between.append(at(chances, (beats[1:] + beats[:-1]) / 2.0).mean())
    assert np.mean(on) > 3.0 * np.mean(between)


def test_a_long_piece_has_no_seam():
    notes, beats = piece(2, 24.0)
    again = [
        Note(onset_s=n.onset_s + 24.0 * i, offset_s=n.offset_s + 24.0 * i, pitch=n.pitch)
        for i in range(4)
        for n in notes
    ]
    chances = beat_chances(again, 97.0, built_in_beat_net())
    means = [at(chances, beats[2:] + 24.0 * i).mean() for i in range(4)]
    assert min(means) > 0.5 * max(means)


@pytest.mark.parametrize("n_notes", [0, 1])
def test_hardly_any_notes(n_notes):
    chances = beat_chances([Note(onset_s=0.5, offset_s=0.9, pitch=40)][:n_notes], 2.0, built_in_beat_net())
    assert chances.shape == (2, 101)
    assert np.isfinite(chances).all()


def test_onsets_are_drawn_where_they_lie():
    rows = onset_rows([Note(onset_s=1.01, offset_s=2.0, pitch=60)], 200, 0.5)
    assert rows.shape == (N_ROWS, 200)
    assert rows[0, 75:77] == pytest.approx([0.5, 0.5])
    assert rows[0].sum() == pytest.approx(1.0)
    assert rows[SOUNDING].sum() == pytest.approx(0.25 * round(0.99 * FRAME_HZ), abs=0.26)


def test_the_file_keeps_the_net_and_is_the_same_every_time():
    net = built_in_beat_net()
    data = render_beat_net(net)
    again = parse_beat_net(data, "again")
    assert render_beat_net(again) == data
    assert (again.players, again.provenance) == (net.players, net.provenance)
    assert all(np.array_equal(again.weights[name], w) for name, w in net.weights.items())


def _archive(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04nothing",
        b"{}",
        _archive(provenance=np.array("x"), players=np.array(0)),
        _archive(provenance=np.array("x"), players=np.array(["a"]), **{"inp.weight": np.array(1.0)}),
    ],
)
def test_other_files_are_refused(data):
    with pytest.raises(WeightsError, match="no network of beats"):
        parse_beat_net(data, "file")
