"""Manners of the project's own files: sizes, names, docstrings, pins, links, the README's file tree."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

import fretscribe

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "fretscribe"
MODULES = sorted(PACKAGE.rglob("*.py"))
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
FORBIDDEN_NAMES = {"utils", "util", "common", "core", "types", "helpers", "misc"}
MAX_LINES = 600
PIN = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==[0-9][0-9A-Za-z.]*$")
MACHINE_PATH = re.compile(r"(?<![\w./~-])/(?:work|opt|mnt|root|Users)/\w")


def _id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _normalised(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


def _tree_paths(readme: str) -> dict[str, str]:
    """Path -> purpose of the tree in the first fenced block after the heading "## Files".

    The first line is the root; below it every two spaces of indentation are one folder deeper, folders
    end in a slash, and two spaces or more part the path from its purpose.
    """
    match = re.search(r"^## Files$.*?^```\w*\n(.*?)^```$", readme, flags=re.MULTILINE | re.DOTALL)
    if match is None:
        raise ValueError("no fenced block after '## Files'")
    parents: list[str] = []
    found: dict[str, str] = {}
    for line in match.group(1).splitlines()[1:]:
        name, _, purpose = line.strip().partition("  ")
        depth = (len(line) - len(line.lstrip())) // 2 - 1
        path = "".join(parents[:depth]) + name
        parents = [*parents[:depth], name]
        found[path] = purpose.strip()
    return found


def _undocumented(source: str) -> list[str]:
    """Names of a module's public functions and classes that have no docstring."""
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [
        node.name
        for node in ast.parse(source).body
        if isinstance(node, definitions) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]


@pytest.mark.parametrize("module", MODULES, ids=_id)
def test_a_module_is_short_named_and_documented(module: Path) -> None:
    source = module.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= MAX_LINES
    assert ast.get_docstring(ast.parse(source)), "a file says in its docstring what it does"
    assert _undocumented(source) == []
    names = {part.removesuffix(".py") for part in module.relative_to(PACKAGE).parts}
    assert not names & FORBIDDEN_NAMES


def test_undocumented_names_are_found() -> None:
    source = 'def told():\n    "x"\ndef untold(): pass\nclass Bare: pass\ndef _own(): pass\n'
    assert _undocumented(source) == ["untold", "Bare"]


def test_every_package_says_what_it_is() -> None:
    folders = {module.parent for module in MODULES}
    assert [_id(folder) for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def _constraints() -> list[str]:
    return (ROOT / "constraints-dev.txt").read_text(encoding="utf-8").splitlines()


def test_constraints_are_pins_and_nothing_else() -> None:
    assert [line for line in _constraints() if not PIN.match(line)] == []


@pytest.mark.parametrize(
    "line", ["https://example.org/x.whl", "torch==2.13.0+cpu", "x @ file:///y", "-e .", "numpy>=2"]
)
def test_addresses_local_builds_and_ranges_are_no_pins(line: str) -> None:
    assert not PIN.match(line)


def test_every_direct_dependency_of_development_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["dev"], *extras["train"], *extras["eval"]]
    names = {_normalised(re.split(r"[\[<>=!~; ]", requirement)[0]) for requirement in wanted}
    pinned = {_normalised(match["name"]) for line in _constraints() if (match := PIN.match(line))}
    assert names - pinned == {"fretscribe"}


def test_the_readmes_tree_lists_what_exists() -> None:
    tree = _tree_paths((ROOT / "README.md").read_text(encoding="utf-8"))
    assert tree
    for path, purpose in tree.items():
        target = ROOT / path
        assert target.is_dir() if path.endswith("/") else target.is_file(), path
        assert purpose, f"{path} has no purpose"


def test_the_readmes_tree_has_every_part_of_the_package() -> None:
    tree = _tree_paths((ROOT / "README.md").read_text(encoding="utf-8"))
    parts = {
        f"src/fretscribe/{entry.name}{'/' if entry.is_dir() else ''}"
        for entry in PACKAGE.iterdir()
        if entry.name not in {"__pycache__", "__init__.py", "__main__.py", "py.typed"}
    }
    assert sorted(parts - set(tree)) == []


def test_a_tree_is_read_by_its_indentation() -> None:
    tree = "root/\n  a/       folder\n    b/     deeper\n      c.py  file\n  d.md     page\n"
    readme = f"## Files\n\n```\n{tree}```\n"
    assert _tree_paths(readme) == {"a/": "folder", "a/b/": "deeper", "a/b/c.py": "file", "d.md": "page"}
    with pytest.raises(ValueError, match="Files"):
        _tree_paths("# nothing\n")


def _links(text: str) -> list[str]:
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", prose)
    return [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:|#", target)]


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_links_between_files_lead_somewhere(page: Path) -> None:
    links = _links(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_links_are_found() -> None:
    text = "[a](docs/a.md#x) ![p](p.svg) [w](https://example.org) [h](#here)\n```\n[c](code.md)\n```\n"
    assert _links(text) == ["docs/a.md", "p.svg"]


def _project_texts() -> list[Path]:
    suffixes = {".py", ".md", ".toml", ".txt", ".cfg", ".yml", ".yaml", ".json", ".svg", ""}
    tops = [path for path in ROOT.iterdir() if path.is_file()]
    inside = [path for top in ("src", "tests", "docs", "configs", ".ci") for path in (ROOT / top).rglob("*")]
    return [
        path
        for path in [*tops, *inside]
        if path.is_file() and path.suffix in suffixes and "__pycache__" not in path.parts
    ]


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    offenders = [
        _id(path) for path in _project_texts() if MACHINE_PATH.search(path.read_text(encoding="utf-8"))
    ]
    assert offenders == []


def test_paths_of_a_machine_are_recognised() -> None:
    assert MACHINE_PATH.search("see " + "/".join(["", "work", "main"]))
    assert not MACHINE_PATH.search("../work/x, https://x.org/opt/a, name/root/b")


def test_the_installed_metadata_is_that_of_the_sources() -> None:
    metadata = importlib.metadata.metadata("fretscribe")
    assert metadata["Version"] == fretscribe.__version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert set(metadata.get_all("License-File") or []) == {"LICENSE", "NOTICE"}
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata["Description"].startswith("# fretscribe"), "the README is the long description"
    commands = importlib.metadata.entry_points(group="console_scripts", name="fretscribe")
    assert [command.value for command in commands] == ["fretscribe.cli.__main__:main"]


def test_the_base_install_is_light() -> None:
    requirements = importlib.metadata.requires("fretscribe") or []
    base = {_normalised(re.split(r"[\[<>=!~; ]", line)[0]) for line in requirements if "extra ==" not in line}
    assert base == {"numpy", "onnxruntime", "soundfile", "soxr", "mido", "pyguitarpro", "typer"}


def test_the_licence_is_complete_and_the_notice_names_the_data() -> None:
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    for owner in ("GuitarSet", "Gestalt LUR", "Karoryfer", "FreePats", "Freesound"):
        assert owner in notice


def test_the_changelog_knows_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(fretscribe.__version__)}\b", changelog, flags=re.MULTILINE)


def test_the_ci_runs_the_readmes_test_command_and_nothing_else() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    first, *rest = script.read_text(encoding="utf-8").splitlines()
    assert first == "#!/usr/bin/env bash"
    assert rest == ["set -euo pipefail", 'cd "$(dirname "${BASH_SOURCE[0]}")/.."', "exec make test"]
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")


needs_make = pytest.mark.skipif(
    os.name == "nt" or shutil.which("make") is None, reason="there is no make on this machine"
)


def _make(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
    }
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        env=environment | {"LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@needs_make
def test_make_alone_explains_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^\.PHONY: (.+)$", makefile, flags=re.MULTILINE))
    explained = set(re.findall(r"^ *make ([a-z-]+) +\S", _make().stdout, flags=re.MULTILINE))
    assert {"demo", "test", "check", "format", "train", "clean", "help"} <= targets
    assert explained == targets


@needs_make
@pytest.mark.parametrize(
    ("version", "message"),
    [("Python 3.9.1", "is Python 3.9.1"), (None, "there is no")],
    ids=["old", "absent"],
)
def test_make_says_so_where_python_is_too_old_or_absent(
    tmp_path: Path, version: str | None, message: str
) -> None:
    python = tmp_path / "python3"
    if version is not None:
        python.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo {version} && exit 0\nexit 1\n')
        python.chmod(0o755)
    run = _make("install", f"PYTHON={python}", f"VENV={tmp_path / 'venv'}")
    assert run.returncode != 0
    assert "needs Python 3.11 or newer" in run.stderr
    assert message in run.stderr
    assert not (tmp_path / "venv").exists()


@needs_make
def test_absent_programs_of_the_system_are_named_and_present_ones_are_not(tmp_path: Path) -> None:
    present = tmp_path / "present-program"
    present.write_text("#!/bin/sh\n")
    present.chmod(0o755)
    tools = "present-program:some-package absent-program:absent-package"
    run = _make("install-system", f"SYSTEM_TOOLS={tools}", f"PATH={tmp_path}")  # no apt-get in there
    assert run.returncode == 0, run.stderr
    assert "NOT INSTALLED" in run.stderr
    assert "absent-program(absent-package)" in run.stderr
    assert "present-program" not in run.stderr.replace("absent-program", "")


@needs_make
@pytest.mark.parametrize("name", ["song.wav", 'it\'s a "song" for $5 & more.wav', "-q.wav", "Für Élise.flac"])
def test_the_demo_takes_any_file_name_and_shows_its_tab(tmp_path: Path, name: str) -> None:
    venv, demo = tmp_path / "venv", tmp_path / "demo"
    (venv / "bin").mkdir(parents=True)
    demo.mkdir()
    command = venv / "bin" / "fretscribe"
    command.write_text('#!/bin/sh\nfor last; do :; done\nprintf "heard <%s>\\n" "$last"\n', encoding="utf-8")
    command.chmod(0o755)
    (venv / "bin" / "python").touch()
    (venv / ".fretscribe-base").touch()  # newer than all it depends on: nothing is installed
    (demo / f"{name.rpartition('.')[0]}.tab.txt").write_text("e|---0---|\n", encoding="utf-8")
    run = _make("demo", f"VENV={venv}", f"DEMO={demo}", f"AUDIO={name}")
    assert run.returncode == 0, run.stderr
    assert f"heard <{name}>" in run.stdout
    assert run.stdout.endswith("e|---0---|\n")
