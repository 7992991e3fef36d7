from pathlib import Path

import numpy as np
import pytest
import torch

from fretscribe.cli.__main__ import run
from fretscribe.datasets.guitarset import GuitarSet
from fretscribe.datasets.idioms import generate_tab
from fretscribe.errors import DatasetError
from fretscribe.symbolic.beat_net import BeatNet, beat_chances
from fretscribe.symbolic.onset_rows import FRAME_HZ, onset_rows
from fretscribe.training.beat_net import BeatNetwork, _examples, _fit, _stacked, train_beat_net


def weights_of(network):
    return {name: w.detach().numpy().astype(np.float32) for name, w in network.state_dict().items()}


def test_numpy_and_torch_agree():
    torch.manual_seed(3)
    network = BeatNetwork().eval()
    notes = [n.note for n in generate_tab(5, duration_s=20.0).notes]
    rows = torch.from_numpy(onset_rows(notes, 1500, 0.5))[None]
    with torch.no_grad():
        wanted = torch.softmax(network(rows), dim=1)[0, 1:].numpy()
    net = BeatNet(weights=weights_of(network), players=(), provenance="random")
    chances = beat_chances(notes, 20.0, net)
    assert chances == pytest.approx(wanted[:, 25 : 25 + chances.shape[1]], abs=1e-5)


def test_targets_lie_where_the_beats_are():
    tab = generate_tab(8, duration_s=20.0)
    ((rows, target),) = _examples(tab.notes, tab.beats, tab.duration_s, 1, np.random.default_rng(2))
    assert rows.shape[1] == target.shape[1]
    assert target[:2].sum(axis=0).max() <= 1.0
    gaps = np.diff(np.flatnonzero(target[:2].sum(axis=0) > 0.5)) / FRAME_HZ
    assert 0.2 < np.median(gaps) < 1.5


def test_a_few_steps_of_training():
    tab = generate_tab(8, duration_s=20.0)
    examples = _stacked(_examples(tab.notes, tab.beats, tab.duration_s, 6, np.random.default_rng(2)))
    told = []
    network = BeatNetwork(width=8, n_wide=2, n_attend=1)
    weights = _fit(network, examples, _stacked([]), 2, np.random.default_rng(0), "cpu", told.append)
    assert set(weights) == set(network.state_dict())
    assert all(bool(torch.isfinite(w).all()) for w in weights.values())
    assert told


def test_players_must_be_there():
    with pytest.raises(DatasetError, match="no tracks of 77"):
        train_beat_net(GuitarSet(root=Path("nowhere"), tracks=()), ["77"])


def test_the_command_overwrites_nothing_unasked(tmp_path, capsys):
    out = tmp_path / "beat_net.npz"
    out.write_bytes(b"mine")
    assert run(["train", "beat-net", str(tmp_path), "--out", str(out)]) != 0
    assert "exists already" in capsys.readouterr().err
    assert out.read_bytes() == b"mine"
