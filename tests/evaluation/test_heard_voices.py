"""What an acoustic model learned from: read from the account of its own run, and of no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fretscribe.datasets.sample_bank import VOICE_NAMES
from fretscribe.evaluation.heard_voices import ACCOUNT, read_heard_voices
from fretscribe.models.weights import WeightsFile, find_weights, sha256_of


def _weights(folder: Path, clips: dict[str, object], *, sha256: str | None = None) -> WeightsFile:
    """Weights with an account that says what they learned from."""
    path = folder / "acoustic.onnx"
    path.write_bytes(b"weights")
    own = sha256_of(path)
    account = {"clips": clips, "sha256": {path.name: sha256 or own}}
    (folder / ACCOUNT).write_text(json.dumps(account), encoding="utf-8")
    return WeightsFile(name="acoustic", path=path, sha256=own)


def _clips(voice: str, *held_out: str) -> dict[str, object]:
    return {"content": "idioms", "voice": voice, "held_out_voices": list(held_out)}


def test_a_voice_is_unheard_if_every_set_of_sampled_clips_held_it_out(tmp_path: Path) -> None:
    clips = {
        "strings": _clips("physical"),
        "a": _clips("samples", "emily", "strat"),
        "b": _clips("samples", "emily"),
    }
    heard = read_heard_voices(_weights(tmp_path, clips))
    assert heard.names == set(VOICE_NAMES) - {"emily"}
    assert (heard.heard("emily"), heard.heard("strat")) == (False, True)
    assert ACCOUNT in heard.source


def test_the_string_model_alone_learns_from_no_voice(tmp_path: Path) -> None:
    assert read_heard_voices(_weights(tmp_path, {"strings": _clips("physical")})).names == frozenset()


def test_nothing_is_known_without_an_account_or_with_that_of_others(tmp_path: Path) -> None:
    weights = _weights(tmp_path, {"a": _clips("samples", "emily")}, sha256="0" * 64)
    heard = read_heard_voices(weights)
    assert (heard.names, heard.heard("emily")) == (None, None)
    assert "of others" in heard.source
    (tmp_path / ACCOUNT).unlink()
    assert "there is no" in read_heard_voices(weights).source


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"clips": {}, "sha256": {}}', '{"clips": 3, "sha256": 3}']
)
def test_an_account_that_cannot_be_read_is_no_account(tmp_path: Path, text: str) -> None:
    weights = _weights(tmp_path, {})
    (tmp_path / ACCOUNT).write_text(text, encoding="utf-8")
    heard = read_heard_voices(weights)
    assert heard.names is None
    assert "cannot be used" in heard.source


def test_the_weights_that_ship_have_an_account_of_their_own() -> None:
    assert read_heard_voices(find_weights("acoustic")).names is not None
