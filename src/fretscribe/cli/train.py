"""``fretscribe train``: make weights from a run's TOML; resumes where it stopped."""

from __future__ import annotations

import contextlib
import importlib.util
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fretscribe.cli import options as o
from fretscribe.errors import MissingExtraError, OptionError, OutputError

if TYPE_CHECKING:
    from fretscribe.datasets.folds import Fold
    from fretscribe.datasets.tab_examples import TabExamples
    from fretscribe.training.tab_run import Workshop

train_app = typer.Typer(help="Train networks; needs the extra 'train'.", no_args_is_help=True)


_Arrays = Annotated[
    list[Path],
    typer.Option("--arrays", help="Folder of training arrays (see `fretscribe data`); may be repeated."),
]
_Out = Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the weights; default: the cache.")]
_StopAfter = Annotated[
    float, typer.Option(help="Stop after this many minutes, to be resumed; 0 = when done.")
]
_Folds = Annotated[
    Literal["none", "player"],
    typer.Option(help="`player`: one network a player, which that player's playing did not teach."),
]
_Nested = Annotated[
    bool, typer.Option("--nested", help="With --folds player: also one for every pair of players.")
]
_ValPlayers = Annotated[
    str, typer.Option(help="Players to hold out and to stop early on, separated by commas.")
]


def _require_training() -> None:
    for module in ("torch", "safetensors", "onnx", "matplotlib"):
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError("training", "train")


@train_app.command("acoustic")
def acoustic(
    config: Annotated[Path, typer.Argument(help="The run's settings, for example configs/acoustic.toml.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the weights; default: the cache.")
    ] = None,
    stop_after: Annotated[
        float, typer.Option(help="Stop after this many minutes, to be resumed; 0 = when done.")
    ] = 0.0,
    data: Annotated[
        Path | None, typer.Option(help="Folder with guitarset/ and samples/; default: $FRETSCRIBE_DATA.")
    ] = None,
) -> None:
    """Train the acoustic model: render clips, learn, validate, export safetensors and ONNX."""
    _require_training()
    from fretscribe.training.acoustic import read_run
    from fretscribe.training.acoustic_run import run_acoustic
    from fretscribe.training.settings import cache_dir, data_dir

    run = read_run(config)
    run_acoustic(
        run,
        cache=cache_dir("acoustic"),
        data=data or data_dir(),
        out=out,
        stop_after_s=stop_after * 60,
        report=lambda line: typer.echo(line, err=True),
    )


@train_app.command("tabcnn")
def tabcnn(
    config: Annotated[Path, typer.Argument(help="The run's settings, for example configs/tabcnn.toml.")],
    arrays: _Arrays,
    folds: _Folds = "none",
    nested: _Nested = False,
    val_players: _ValPlayers = "",
    out: _Out = None,
    stop_after: _StopAfter = 0.0,
) -> None:
    """Train TabCNN from X_win or X_spec and y: spectral windows to the fret of each string."""
    _require_training()
    from fretscribe.training.tab_run import read_tabcnn_run, train_tabcnn

    run = read_tabcnn_run(config)

    def train(sets: Sequence[TabExamples], fold: Fold, shop: Workshop, validate_on: Sequence[str]) -> bool:
        return train_tabcnn(run, sets, fold, shop, validate_on=validate_on).finished

    _train_folds(train, f"tab-{config.stem}", arrays, folds, nested, val_players, out, stop_after)


@train_app.command("lstm")
def lstm(
    config: Annotated[Path, typer.Argument(help="The run's settings, for example configs/lstm.toml.")],
    arrays: _Arrays,
    tabcnn_folds: Annotated[
        Path | None,
        typer.Option(help="Folder of TabCNN folds that make the inputs. Default: the arrays' own X_lstm."),
    ] = None,
    feedback: Annotated[
        bool,
        typer.Option(
            "--feedback",
            help="Learn from the recordings whose tabs you mended as well, besides arrays of log-mel frames.",
        ),
    ] = False,
    folds: _Folds = "none",
    val_players: _ValPlayers = "",
    out: _Out = None,
    stop_after: _StopAfter = 0.0,
) -> None:
    """Train the LSTMPredictor from X_lstm and y: predicted tab sequences to true ones."""
    _require_training()
    from fretscribe.training.tab_run import read_lstm_run, train_lstm

    run = read_lstm_run(config)
    with contextlib.ExitStack() as stack:
        own = None
        if feedback:
            from fretscribe.cli.feedback import own_examples

            own = own_examples(Path(stack.enter_context(tempfile.TemporaryDirectory())), arrays[0])

        def train(
            sets: Sequence[TabExamples], fold: Fold, shop: Workshop, validate_on: Sequence[str]
        ) -> bool:
            outcome = train_lstm(
                run, sets, fold, shop, tabcnn_folds=tabcnn_folds, validate_on=validate_on, own=own
            )
            return outcome.finished

        _train_folds(train, f"tab-{config.stem}", arrays, folds, False, val_players, out, stop_after)


def _train_folds(
    train: Callable[[Sequence[TabExamples], Fold, Workshop, Sequence[str]], bool],
    run_name: str,
    arrays: Sequence[Path],
    folds: str,
    nested: bool,
    val_players: str,
    out: Path | None,
    stop_after: float,
) -> None:
    """Train one network, or one for each fold, within the time limit."""
    from fretscribe.datasets.folds import player_folds
    from fretscribe.datasets.tab_examples import load_examples
    from fretscribe.training.processes import agreed
    from fretscribe.training.settings import cache_dir
    from fretscribe.training.tab_run import Workshop

    if nested and folds == "none":
        raise OptionError("--nested is for folds", mend="add --folds player")
    validate_on = [name.strip() for name in val_players.split(",") if name.strip()]
    sets = [load_examples(folder) for folder in arrays]
    cache = cache_dir(run_name)
    players = sorted({str(player) for examples in sets for player in examples.players})
    unknown = sorted(set(validate_on) - set(players))
    if unknown:
        raise OptionError(f"no player {unknown[0]!r} in the arrays", mend=f"there are {', '.join(players)}")
    started_s = time.monotonic()
    for fold in player_folds(players, nested=nested) if folds == "player" else [()]:
        left_s = stop_after * 60 - (time.monotonic() - started_s) if stop_after else 0.0
        if stop_after and agreed(left_s <= 0):
            typer.echo("stopped; run again to go on", err=True)
            return
        shop = Workshop(
            cache=cache,
            out=out or cache,
            stop_after_s=max(left_s, 0.1) if stop_after else 0.0,
            report=lambda line: typer.echo(line, err=True),
        )
        if not train(sets, fold, shop, [p for p in validate_on if p not in fold]):
            return


@train_app.command("techniques")
def techniques(
    out: Annotated[Path, typer.Option("--out", "-o", help="The models to write, a JSON file.")],
    studies: Annotated[int, typer.Option(help="Studies of 20 s to play and to hear.")] = 800,
    data: Annotated[
        Path | None, typer.Option(help="Folder with samples/; default: $FRETSCRIBE_DATA.")
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="Folder of weights; default: the built-in ones.")
    ] = None,
    force: o.Force = False,
) -> None:
    """Fit the models of techniques to rendered studies; needs no extra."""
    from fretscribe.datasets.sample_bank import load_sample_bank
    from fretscribe.datasets.technique_set import FIT_VOICES, fit_set
    from fretscribe.io.atomic import write_text
    from fretscribe.pipeline import load_transcriber
    from fretscribe.symbolic.technique_model import models_text
    from fretscribe.training.settings import data_dir
    from fretscribe.training.techniques import fit_techniques, hear_studies

    voices = load_sample_bank((data or data_dir()) / "samples", tuple(FIT_VOICES)).voices
    transcriber = load_transcriber(weights, calibrated=False)
    heard = hear_studies(
        fit_set(studies, voices), transcriber, progress=lambda line: typer.echo(line, err=True)
    )
    models = fit_techniques(heard)
    write_text(out, models_text(models, {"studies": studies, "weights": transcriber.weights()}), force=force)
    for name, model in models.items():
        typer.echo(
            f"{name}: precision {model.precision:.2f}, recall {model.recall:.2f} at {model.threshold:.2f}"
            " on held-out studies"
        )


@train_app.command("thresholds")
def thresholds(
    root: Annotated[Path, typer.Argument(help="A GuitarSet folder with the development recordings.")],
    weights: Annotated[
        Path | None, typer.Option(help="Folder of weights; default: the built-in ones.")
    ] = None,
) -> None:
    """Choose the decoder's thresholds, leave-one-player-out, and print what they give."""
    from fretscribe.datasets.guitarset import open_guitarset
    from fretscribe.models.acoustic import load_acoustic
    from fretscribe.training.thresholds import choose_thresholds

    choice = choose_thresholds(open_guitarset(root), load_acoustic(weights))
    params = choice.params
    typer.echo(
        f"onset_threshold {params.onset_threshold}, active_threshold {params.active_threshold}\n"
        f"leave-one-player-out: F50 {choice.f50:.3f}, with offsets {choice.f50_with_offsets:.3f}"
    )


@train_app.command("beats")
def beats(
    root: Annotated[Path, typer.Argument(help="A folder in GuitarSet's layout; only annotations are read.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write: beats.json.")],
    players: Annotated[
        str, typer.Option(help="Players to learn from, separated by commas; judge on others.")
    ] = "00,01,02,03,05",
    seed: Annotated[int, typer.Option(help="Of excerpts and of where the styles begin.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it exists.")] = False,
) -> None:
    """Learn where beats lie among notes; needs the extra 'eval', no network is trained."""
    from fretscribe.datasets.guitarset import open_guitarset
    from fretscribe.io.atomic import write_text
    from fretscribe.symbolic.beat_model import render_beat_model
    from fretscribe.training.beats import fit_beat_model

    if out.exists() and not force:
        raise OutputError(f"{out} exists already", mend="--force overwrites")
    model = fit_beat_model(
        open_guitarset(root),
        [name.strip() for name in players.split(",")],
        seed=seed,
        progress=lambda line: typer.echo(line, err=True),
    )
    write_text(out, render_beat_model(model), force=force)


@train_app.command("beat-net")
def beat_net(
    root: Annotated[Path, typer.Argument(help="A folder in GuitarSet's layout; only annotations are read.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write: beat_net.npz.")],
    players: Annotated[
        str, typer.Option(help="Players to learn from, separated by commas; judge on others.")
    ] = "00,01,02,03,05",
    steps: Annotated[int, typer.Option(min=1, help="Batches to learn from.")] = 2400,
    seed: Annotated[int, typer.Option(help="Of variations and of where the weights begin.")] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it exists.")] = False,
) -> None:
    """Train the network that says how likely a beat is at any time; needs the extra 'train'."""
    _require_training()
    from fretscribe.datasets.guitarset import open_guitarset
    from fretscribe.io.atomic import write_bytes
    from fretscribe.symbolic.beat_net import render_beat_net
    from fretscribe.training.beat_net import train_beat_net

    if out.exists() and not force:
        raise OutputError(f"{out} exists already", mend="--force overwrites")
    net = train_beat_net(
        open_guitarset(root),
        [name.strip() for name in players.split(",")],
        steps=steps,
        seed=seed,
        device=device,
        progress=lambda line: typer.echo(line, err=True),
    )
    write_bytes(out, render_beat_net(net), force=force)
