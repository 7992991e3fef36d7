"""fretscribe as people install it: bare environments of several Pythons, from wheel and source archive, each
extra alone.

`make install-matrix` runs this with the interpreters it is given. It installs from the package registry, into
the cache, and takes minutes; without FRETSCRIBE_PYTHONS all of it is skipped.
"""

from __future__ import annotations

import json
import math
import os
import shlex
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from bare_python import FORMATS, ROOT, BarePython, bare_python, oldest_allowed
from dask_cluster import dask_cluster
from demucs_model import save_small_demucs
from fretscribe.cli.health import EXTRAS
from fretscribe.io.audio import read_audio
from fretscribe.io.formats import WRITABLE
from media_files import write_media
from missing_extras import MISSING, check_line, files_in, make_inputs, words_of
from tab_site import ARTIST, needs_chromium, serving

PYTHONS = shlex.split(os.environ.get("FRETSCRIBE_PYTHONS", ""))
TORCH_ARGS = shlex.split(os.environ.get("FRETSCRIBE_TORCH_ARGS", ""))
NEEDS_TORCH = {"train", "separate"}
TOY = """
[model]
front_end = "mel"
stem = 8
channels = 8
reduced = 4
hidden = 16
[augment]
share = 0.0
[loop]
epochs = 1
batch = 64
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHONS, reason="installs from a registry for minutes: make install-matrix"),
]


@dataclass(frozen=True, kw_only=True)
class Built:
    """What is published, and where to try it."""

    place: Path
    wheel: str
    source: str


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    dist = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", str(dist)], cwd=ROOT, check=True)
    (wheel,), (source,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    cache = os.environ.get("FRETSCRIBE_CACHE") or Path.home() / ".cache" / "fretscribe"
    return Built(place=Path(cache) / "install-matrix", wheel=str(wheel), source=str(source))


@pytest.fixture(scope="module")
def bares(built: Built) -> Iterator[dict[str, BarePython]]:
    with ExitStack() as stack:
        yield {
            python: stack.enter_context(bare_python(built.place / f"wheel{n}", python, built.wheel))
            for n, python in enumerate(PYTHONS)
        }


@pytest.fixture
def bare(bares: dict[str, BarePython]) -> BarePython:
    """The first one."""
    return bares[PYTHONS[0]]


def assert_same(ours: Path, theirs: Path) -> None:
    """Byte for byte, but for the last digits of numbers in JSON, which another numpy may round otherwise."""
    names = sorted(path.name for path in ours.iterdir())
    assert names == sorted(path.name for path in theirs.iterdir())
    assert len(names) == len(FORMATS) + 1
    for name in names:
        if name.endswith((".json", ".jams")):
            alike(json.loads((ours / name).read_bytes()), json.loads((theirs / name).read_bytes()), name)
        else:
            assert (ours / name).read_bytes() == (theirs / name).read_bytes(), name


def alike(ours: object, theirs: object, where: str) -> None:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        assert ours.keys() == theirs.keys(), where
        for key in ours:
            alike(ours[key], theirs[key], f"{where}/{key}")
    elif isinstance(ours, list) and isinstance(theirs, list):
        assert len(ours) == len(theirs), where
        for n, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            alike(one, other, f"{where}/{n}")
    elif isinstance(ours, float) and isinstance(theirs, float):
        assert math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9), f"{where}: {ours} {theirs}"
    else:
        assert ours == theirs, where


def test_no_format_is_forgotten() -> None:
    assert set(FORMATS) == set(WRITABLE) - {"pdf"}


@pytest.mark.parametrize("python", PYTHONS)
def test_a_bare_python_transcribes_like_the_first(python: str, bares: dict[str, BarePython]) -> None:
    made = bares[python].demo()
    text = (made / "demo.tab.txt").read_text(encoding="utf-8")
    assert "Tuning: standard" in text
    assert len(json.loads((made / "demo.json").read_bytes())["notes"]) > 100
    assert_same(made, bares[PYTHONS[0]].demo())


@pytest.mark.parametrize("python", PYTHONS)
def test_a_bare_python_is_healthy_and_knows_what_it_lacks(python: str, bares: dict[str, BarePython]) -> None:
    lines = bares[python].works("doctor").splitlines()
    assert lines[-1] == "all that is installed works"
    for extra in EXTRAS:
        (line,) = (line for line in lines if f"extra {extra} " in line)
        assert line.startswith("absent")
        assert line.endswith(f'pip install "fretscribe[{extra}]"')


@pytest.mark.parametrize(("extra", "packages", "line"), MISSING)
def test_a_command_without_its_extra_is_one_line(
    extra: str, packages: tuple[str, ...], line: str, bare: BarePython, tmp_path: Path
) -> None:
    make_inputs(tmp_path)
    before = files_in(tmp_path)
    done = bare.run(*words_of(line), folder=tmp_path)
    check_line(extra, done.returncode, done.stdout, done.stderr)
    assert files_in(tmp_path) == before


def test_the_source_archive_installs_too(built: Built, bare: BarePython) -> None:
    with bare_python(built.place / "source", PYTHONS[0], built.source) as other:
        assert_same(other.demo(), bare.demo())


def test_the_oldest_packages_that_are_allowed_will_do(built: Built) -> None:
    version = [PYTHONS[0], "-c", "import sys; print(*sys.version_info[:2], sep='.')"]
    if subprocess.run(version, check=True, capture_output=True, text=True).stdout.strip() != "3.11":
        pytest.skip("they are as old as Python 3.11, and PYTHONS begins with another")
    with bare_python(built.place / "oldest", PYTHONS[0], built.wheel, *oldest_allowed()) as old:
        assert "all that is installed works" in old.works("doctor")
        assert len(list(old.demo().iterdir())) == len(FORMATS) + 1


def _recordings(bare: BarePython) -> Path:
    """A minute of made-up music in GuitarSet's layout."""
    bare.works("data", "synth", "--minutes", "1", "--kind", "steel", "--no-arrays", "--out", "mine")
    return bare.folder / "mine"


def _media(bare: BarePython) -> None:
    demo = read_audio(bare.demo() / "demo.wav").audio
    write_media(bare.folder / "song.m4a", "aac", demo.samples, demo.sample_rate)
    bare.works("song.m4a")
    assert "Tuning: standard" in (bare.folder / "song.tab.txt").read_text(encoding="utf-8")


def _separate(bare: BarePython) -> None:
    model = save_small_demucs(bare.folder / "model")
    song = str(bare.demo() / "demo.wav")
    bare.works(
        song, "--separate", "on", "--separation-model", str(model), "--stems-out", "stems", "-o", "tabs"
    )
    assert len(list((bare.folder / "stems").rglob("*.wav"))) == 6
    assert (bare.folder / "tabs" / "demo.json").is_file()


def _train(bare: BarePython) -> None:
    _recordings(bare)
    (bare.folder / "toy.toml").write_text(TOY, encoding="utf-8")
    bare.works("data", "guitarset", "--root", "mine", "--no-predictions", "--out", "arrays")
    bare.works("train", "tabcnn", "toy.toml", "--arrays", "arrays", "-o", "weights")
    bare.works(str(bare.demo() / "demo.wav"), "--weights", "weights", "-o", "tabs")
    assert (bare.folder / "weights" / "tabcnn.onnx").is_file()


def _eval(bare: BarePython) -> None:
    _recordings(bare)
    assert "tab" in bare.works("evaluate", "mine", "--pictures", "pictures")
    bare.works("plot", str(bare.demo() / "demo.json"), "-o", "demo.png")
    bare.works("calibrate", "--dataset", "mine", "-o", "calibration.json", "--picture", "reliability.png")
    for name in ("demo.png", "reliability.png", "calibration.json"):
        assert (bare.folder / name).is_file()


def _collect(bare: BarePython) -> None:
    with serving() as site:
        words = ("collect", "ug", "--artist", ARTIST, "--site", site.url, "--limit", "1", "-o", "collected")
        bare.works(*words)
    assert list((bare.folder / "collected").rglob("*.txt"))


def _studio(bare: BarePython) -> None:
    command = [str(bare.programs / "fretscribe"), "studio", "--no-open", "--folder", "songs"]
    with subprocess.Popen(
        command, cwd=bare.folder, env=bare.environment(), stdout=subprocess.PIPE, text=True
    ) as studio:
        assert studio.stdout is not None
        try:
            with urllib.request.urlopen(studio.stdout.readline().strip()) as answer:  # noqa: S310
                assert "fretscribe" in answer.read().decode()
        finally:
            studio.send_signal(signal.SIGINT)
        assert studio.wait(timeout=60) == 0


def _cluster(bare: BarePython) -> None:
    song = str(bare.demo() / "demo.wav")
    with dask_cluster(bare.folder, n_workers=1, python=bare.python) as found:
        bare.works("batch", song, "-o", "tabs", "--scheduler", found.address)
    assert list((bare.folder / "tabs").rglob("*.tab.txt"))


OWN_THING: dict[str, Callable[[BarePython], None]] = {
    "media": _media,
    "separate": _separate,
    "train": _train,
    "eval": _eval,
    "collect": _collect,
    "studio": _studio,
    "cluster": _cluster,
}


@pytest.mark.parametrize(
    "extra", [pytest.param(extra, marks=needs_chromium if extra == "collect" else ()) for extra in EXTRAS]
)
def test_the_doctors_line_brings_an_extra_and_nothing_else_is_needed(extra: str, built: Built) -> None:
    with bare_python(built.place / extra, PYTHONS[0], built.wheel) as bare:
        if extra in NEEDS_TORCH:  # as in the Makefile: where a smaller build is to be had, it comes first
            pins = (ROOT / "constraints-dev.txt").read_text(encoding="utf-8").splitlines()
            bare.pip("install", *TORCH_ARGS, next(pin for pin in pins if pin.startswith("torch==")))
        (line,) = (line for line in bare.works("doctor").splitlines() if f"extra {extra} " in line)
        bare.shell(line.rpartition(": ")[2])
        lines = bare.works("doctor").splitlines()
        status = {name: line.split()[0] for name in EXTRAS for line in lines if f"extra {name} " in line}
        assert status.pop(extra) == "ok"
        assert set(status.values()) == {"absent"}
        OWN_THING[extra](bare)
