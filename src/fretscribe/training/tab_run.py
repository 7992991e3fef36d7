"""Whole runs of the tab networks, as ``fretscribe train tabcnn`` and ``train lstm`` do them.

One TOML says what a run is; each fold becomes ``NAME.safetensors``, ``NAME.onnx``, a run JSON and a picture
of its learning curve. Neighbours: ``tabcnn`` and ``lstm`` make tasks, ``loop`` learns, ``folds`` names.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fretscribe.datasets.folds import Fold, fold_name, out_of_fold
from fretscribe.datasets.tab_examples import TabExamples
from fretscribe.errors import DatasetError, OptionError
from fretscribe.frames import FloatArray
from fretscribe.io.atomic import make_folder, write_text
from fretscribe.models.lstm import NAME as LSTM_NAME
from fretscribe.models.lstm_net import LstmConfig, LstmNet
from fretscribe.models.tabcnn_net import TabCnnConfig, TabCnnNet
from fretscribe.models.weights import sha256_of
from fretscribe.training.augment import AugmentSettings
from fretscribe.training.curves import draw_curve
from fretscribe.training.export import export_lstm, export_tabcnn, save_network
from fretscribe.training.loop import Outcome, Report, TabLoopSettings, Task, fit
from fretscribe.training.lstm import LstmSettings, Sequences, lstm_task
from fretscribe.training.processes import is_first_process
from fretscribe.training.settings import read_toml, settings_from
from fretscribe.training.tabcnn import TabCnnSettings, tabcnn_task


@dataclass(frozen=True, slots=True, kw_only=True)
class TabCnnRun:
    """A TabCNN run, as its TOML says it: ``[model]``, ``[augment]``, ``[loop]``."""

    name: str
    settings: TabCnnSettings
    loop: TabLoopSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class LstmRun:
    """An LSTM run, as its TOML says it: ``[model]``, ``[examples]``, ``[loop]``."""

    name: str
    settings: LstmSettings
    loop: TabLoopSettings


def read_tabcnn_run(path: Path) -> TabCnnRun:
    """A run's settings.

    Raises
    ------
    OptionError
        If the file is absent, no TOML, holds an unknown key, or bends what cannot be bent.
    """
    tables = _tables(path, ("model", "augment", "loop"))
    model = settings_from(TabCnnConfig, tables["model"], f"{path} [model]")
    augment = settings_from(AugmentSettings, tables["augment"], f"{path} [augment]")
    if model.front_end != "windows" and augment.share > 0:
        raise OptionError(
            f"{path} [augment]: only constant-Q windows can be bent",
            mend="write share = 0.0 for log-mel frames",
        )
    return TabCnnRun(
        name=path.stem,
        settings=TabCnnSettings(model=model, augment=augment),
        loop=settings_from(TabLoopSettings, tables["loop"], f"{path} [loop]"),
    )


def read_lstm_run(path: Path) -> LstmRun:
    """A run's settings; errors as `read_tabcnn_run`."""
    tables = _tables(path, ("model", "examples", "loop"))
    examples = tables["examples"]
    model = settings_from(LstmConfig, tables["model"], f"{path} [model]")
    return LstmRun(
        name=path.stem,
        settings=settings_from(LstmSettings, {"model": model, **examples}, f"{path} [examples]"),
        loop=settings_from(TabLoopSettings, tables["loop"], f"{path} [loop]"),
    )


def _tables(path: Path, known: Sequence[str]) -> dict[str, dict[str, Any]]:
    tables = read_toml(path)
    unknown = sorted(set(tables) - set(known))
    if unknown:
        raise OptionError(f"{path}: unknown table {unknown[0]!r}", mend=f"known: {', '.join(known)}")
    return {name: tables.get(name, {}) for name in known}


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """Where a run works.

    Attributes
    ----------
    cache : Path
        Checkpoints.
    out : Path
        Weights, accounts and pictures.
    stop_after_s : float
        Time limit of this call; 0 = none.
    report : callable
        Gets one line of text at a time.
    """

    cache: Path
    out: Path
    stop_after_s: float = 0.0
    report: Report


def train_tabcnn(
    run: TabCnnRun,
    sets: Sequence[TabExamples],
    fold: Fold,
    shop: Workshop,
    *,
    validate_on: Sequence[str] = (),
) -> Outcome:
    """Train the TabCNN of one fold, or go on; writes its files when it is done."""
    run = dataclasses.replace(run, settings=_on_the_grid_of(run.settings, sets))
    name = fold_name("tabcnn", fold)
    task = tabcnn_task(name, sets, run.settings, held_out=fold, validate_on=validate_on, seed=run.loop.seed)
    training = _training(sets, [*fold, *validate_on], run.loop.seed)
    outcome = _fit(_marked(task, run, training, sets), run.loop, shop)
    if outcome.finished and is_first_process():
        if not isinstance(outcome.best, TabCnnNet):
            raise TypeError("the loop lost its network")
        save_network(outcome.best, run.settings.model, shop.out / f"{name}.safetensors", training)
        export_tabcnn(outcome.best, shop.out / f"{name}.onnx", training)
        _write_account(name, run, training, outcome, shop)
    return outcome


def train_lstm(
    run: LstmRun,
    sets: Sequence[TabExamples],
    fold: Fold,
    shop: Workshop,
    *,
    tabcnn_folds: Path | None,
    validate_on: Sequence[str] = (),
    own: TabExamples | None = None,
) -> Outcome:
    """Train the LSTM of one fold, or go on; writes its files when it is done.

    Parameters
    ----------
    tabcnn_folds : Path, optional
        Folder of TabCNN folds that make its inputs; without it the arrays' own ``X_lstm`` is taken, which
        is honest for the fold of nobody only.
    own : TabExamples, optional
        A user's own playing besides, always with its own ``X_lstm``: it belongs to no fold.

    Raises
    ------
    OptionError
        If a fold has no TabCNN folds.
    DatasetError
        If the arrays hold no X_lstm where it is needed.
    """
    everything = [*sets] if own is None else [*sets, own]
    run = dataclasses.replace(run, settings=_lstm_on_the_grid_of(run.settings, everything))
    name = fold_name(LSTM_NAME, fold)
    if fold and tabcnn_folds is None:
        raise OptionError(
            "an LSTM of a fold needs predictions that never saw that fold's player either",
            mend="give --tabcnn-folds, trained with --nested",
        )
    sequences = [_sequences(s, [*fold, *validate_on], tabcnn_folds, shop) for s in sets]
    if own is not None:
        sequences.append(_sequences(own, [], None, shop))
    task = lstm_task(
        name, sequences, run.settings, held_out=fold, validate_on=validate_on, seed=run.loop.seed
    )
    training = _training(everything, [*fold, *validate_on], run.loop.seed)
    outcome = _fit(_marked(task, run, training, everything, [s.tab for s in sequences]), run.loop, shop)
    if outcome.finished and is_first_process():
        if not isinstance(outcome.best, LstmNet):
            raise TypeError("the loop lost its network")
        save_network(outcome.best, run.settings.model, shop.out / f"{name}.safetensors", training)
        export_lstm(outcome.best, shop.out / f"{name}.onnx", training)
        _write_account(name, run, training, outcome, shop)
    return outcome


def _sequences(
    examples: TabExamples, away: Sequence[str], tabcnn_folds: Path | None, shop: Workshop
) -> Sequences:
    if tabcnn_folds is not None:
        tab = out_of_fold(tabcnn_folds, examples, held_out=away, progress=shop.report)
    elif examples.arrays.x_lstm is None:
        raise DatasetError(
            "the arrays hold no X_lstm", mend="write it with fretscribe data predict, or give --tabcnn-folds"
        )
    else:
        tab = examples.arrays.x_lstm
        _tell_if_seen(examples, shop)
    return Sequences(examples=examples, tab=tab)


def _tell_if_seen(examples: TabExamples, shop: Workshop) -> None:
    seen = examples.arrays.info.x_lstm.get("seen_player", {})
    n_seen = sum(bool(s) for s in seen.values()) if isinstance(seen, dict) else 0
    if n_seen:
        shop.report(
            f"warning: X_lstm of {n_seen} tracks is by a TabCNN that had learned from their players, so it is"
            " better than it will be for anyone else (fretscribe data predict --folds mends that)"
        )


def _marked(
    task: Task,
    run: TabCnnRun | LstmRun,
    training: dict[str, object],
    sets: Sequence[TabExamples],
    predictions: Sequence[FloatArray] = (),
) -> Task:
    """The task with a fingerprint of its settings and of the arrays that it learns from."""
    known = {
        "settings": dataclasses.asdict(run.settings),
        "loop": dataclasses.asdict(run.loop),
        "training": training,
        "n_examples": task.n_examples,
        "arrays": [[s.arrays.info.to_json(), int(s.classes.sum(dtype="int64"))] for s in sets],
        "features": [
            [float(a.sum(dtype="float64")) for a in (s.arrays.x_win, s.arrays.x_spec) if a is not None]
            for s in sets
        ],
        "predictions": [float(tab.sum(dtype="float64")) for tab in predictions],
    }
    text = json.dumps(known, sort_keys=True)
    return dataclasses.replace(task, fingerprint=hashlib.sha256(text.encode()).hexdigest())


def _fit(task: Task, loop: TabLoopSettings, shop: Workshop) -> Outcome:
    make_folder(shop.out)
    checkpoint = shop.cache / f"{task.name}.pt"
    return fit(task, loop, checkpoint, shop.report, stop_after_s=shop.stop_after_s)


def _grid_of(sets: Sequence[TabExamples]) -> dict[str, Any]:
    """Grid and tuning that all sets share.

    Raises
    ------
    DatasetError
        If they differ.
    """
    grids = {(i.sample_rate, i.hop_length, i.start_s, i.open_pitches) for i in (s.arrays.info for s in sets)}
    if len(grids) != 1:
        raise DatasetError(f"the arrays lie on different grids or tunings: {sorted(grids)}")
    sample_rate, hop_length, start_s, open_pitches = grids.pop()
    return {
        "sample_rate": sample_rate,
        "hop_length": hop_length,
        "start_s": start_s,
        "open_pitches": open_pitches,
    }


def _on_the_grid_of(settings: TabCnnSettings, sets: Sequence[TabExamples]) -> TabCnnSettings:
    return dataclasses.replace(settings, model=dataclasses.replace(settings.model, **_grid_of(sets)))


def _lstm_on_the_grid_of(settings: LstmSettings, sets: Sequence[TabExamples]) -> LstmSettings:
    return dataclasses.replace(settings, model=dataclasses.replace(settings.model, **_grid_of(sets)))


def _training(sets: Sequence[TabExamples], away: Sequence[str], seed: int) -> dict[str, object]:
    """Whose playing was learned from, for the weights' metadata."""
    players = sorted({str(p) for s in sets for p in s.players[s.learnable(away)]})
    sources = sorted({i.source for s in sets for i in s.arrays.info.samples})
    return {"players": players, "held_out": sorted(away), "sources": sources, "seed": seed}


def _write_account(
    name: str, run: TabCnnRun | LstmRun, training: dict[str, object], outcome: Outcome, shop: Workshop
) -> None:
    account = {
        "run": run.name,
        "training": training,
        "settings": dataclasses.asdict(run.settings),
        "loop": dataclasses.asdict(run.loop),
        "epoch": outcome.epoch,
        "sha256": {f"{name}{s}": sha256_of(shop.out / f"{name}{s}") for s in (".onnx", ".safetensors")},
        "history": outcome.history,
    }
    path = shop.out / f"{name}.run.json"
    write_text(path, json.dumps(account, indent=1) + "\n", force=True)
    draw_curve(outcome.history, shop.out / f"{name}.png", title=name)
    shop.report(f"{name}: wrote {shop.out / name}.onnx after epoch {outcome.epoch}")
