"""A whole acoustic run, as ``fretscribe train acoustic`` does it: train, export, write its account."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

from fretscribe.datasets.guitarset import open_guitarset
from fretscribe.io.atomic import make_folder, write_text
from fretscribe.models.acoustic import load_acoustic
from fretscribe.models.weights import REGISTRY, registry_text, sha256_of
from fretscribe.training.acoustic import Learner, RunSettings, train_acoustic
from fretscribe.training.export import export_acoustic, save_network
from fretscribe.training.processes import is_first_process
from fretscribe.training.thresholds import development_scores


def run_acoustic(
    run: RunSettings,
    *,
    cache: Path,
    data: Path,
    out: Path | None,
    stop_after_s: float,
    report: Callable[[str], None],
) -> Path:
    """Train (or go on), then write ``acoustic.safetensors``, ``acoustic.onnx``, checksums and a run JSON.

    Parameters
    ----------
    run : RunSettings
    cache, data : Path
        As `train_acoustic`.
    out : Path, optional
        Folder of the weights; ``<cache>/<run name>`` by default.
    stop_after_s : float
        Time limit of this call, 0 = none.
    report : callable
        Gets one line of text at a time.

    Returns
    -------
    Path
        The folder that was written (by the first process). A run that was stopped early exports what it has.
    """
    loop = dataclasses.replace(run.loop, stop_after_s=stop_after_s or run.loop.stop_after_s)
    run = dataclasses.replace(run, loop=loop)
    learner = train_acoustic(run, cache, data, report)
    folder = out or cache / run.name
    if not is_first_process():
        return folder
    make_folder(folder)
    save_network(learner.average, run.model, folder / "acoustic.safetensors")
    export_acoustic(learner.average, folder / "acoustic.onnx")
    write_text(folder / REGISTRY, registry_text(folder, {"acoustic": "acoustic.onnx"}), force=True)
    account = folder / "acoustic.run.json"
    development = _on_real_sound(folder, data, report)
    contents = _account(run, learner, folder) | {"development": development}
    write_text(account, json.dumps(contents, indent=1) + "\n", force=True)
    report(f"wrote {folder}/acoustic.onnx at step {learner.step} of {run.loop.n_steps}")
    return folder


def _on_real_sound(folder: Path, data: Path, report: Callable[[str], None]) -> dict[str, dict[str, float]]:
    """Note F1 of the exported weights on the development recordings; empty where there are none."""
    root = data / "guitarset"
    if not root.is_dir():
        report(f"no recordings in {root}: not validated on real sound")
        return {}
    scores = development_scores(open_guitarset(root), load_acoustic(folder))
    for track, values in scores.items():
        report(f"  {track}: note F1 {values['note_f1']:.3f}, with offsets {values['note_offset_f1']:.3f}")
    return scores


def _account(run: RunSettings, learner: Learner, folder: Path) -> dict[str, object]:
    return {
        "run": run.name,
        "model": run.model.as_json(),
        "clips": {name: dataclasses.asdict(clips) for name, clips in run.clips.items()},
        "loop": dataclasses.asdict(run.loop),
        "step": learner.step,
        "sha256": {n: sha256_of(folder / n) for n in ("acoustic.onnx", "acoustic.safetensors")},
        "history": learner.history,
    }
