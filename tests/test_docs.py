"""The documents say what is so: their examples run, and their commands and options exist.

Blocks marked ``python`` (doctests, or plain) and ``sh`` (lines of ``fretscribe``) are run, page by page,
beside a recording that the project plays itself. Blocks without a mark need a network, hours, or a reader.
Links are checked by ``test_project``.
"""

from __future__ import annotations

import doctest
import functools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from fretscribe.cli.__main__ import run
from fretscribe.cli.api_reference import api_reference
from fretscribe.cli.app import app
from fretscribe.cli.routing import route

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
get_command = functools.cache(typer.main.get_command)  # it takes a third of a second
GENERATED = {"api-reference.md", "cli.md"}
BLOCK = re.compile(r"^```(?P<mark>\w*)\n(?P<text>.*?)^```$", flags=re.MULTILINE | re.DOTALL)


def _blocks(page: Path, mark: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return [block["text"] for block in BLOCK.finditer(text) if block["mark"] == mark]


def _commands(text: str) -> list[list[str]]:
    """The words after ``fretscribe`` of each of its lines; lines that end in a backslash go on."""
    joined = re.sub(r"\\\n\s*", " ", text)
    lines = (re.sub(r"^(?:\$ |\.venv\S(?:bin|Scripts)\S)", "", line.strip()) for line in joined.splitlines())
    return [
        shlex.split(line.partition(" | ")[0], comments=True)[1:]
        for line in lines
        if line.startswith("fretscribe ")
    ]


def _id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _pages_with(mark: str) -> list[Path]:
    return [page for page in PAGES if _blocks(page, mark)]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``fretscribe render --demo -o song.wav`` writes."""
    path = tmp_path_factory.mktemp("demo") / "song.wav"
    assert run(["render", "--demo", "-o", str(path)]) == 0
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the examples are run: an empty folder, and a home of nobody."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRETSCRIBE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FRETSCRIBE_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_the_reference_of_the_api_is_that_of_the_code() -> None:
    kept = (ROOT / "docs" / "api-reference.md").read_text(encoding="utf-8")
    assert kept == api_reference(), "run make docs"


@pytest.mark.slow
@pytest.mark.parametrize("page", _pages_with("python"), ids=_id)
def test_examples_in_python_give_what_they_say(page: Path, folder: Path, recording: Path) -> None:
    (folder / "song.wav").write_bytes(recording.read_bytes())
    text = "\n".join(_blocks(page, "python"))
    names: dict[str, object] = {"__name__": "__main__"}
    if ">>>" not in text:
        exec(compile(text, str(page), "exec"), names)  # noqa: S102 - our own page
        return
    examples = doctest.DocTestParser().get_doctest(text, names, page.name, str(page), 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
    said: list[str] = []
    runner.run(examples, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


@pytest.mark.slow
@pytest.mark.parametrize("page", _pages_with("sh"), ids=_id)
def test_commands_that_are_shown_work(
    page: Path, folder: Path, recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "songs").mkdir()
    (folder / "songs" / "first.wav").write_bytes(recording.read_bytes())
    for block in _blocks(page, "sh"):
        commands = _commands(block)
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        assert len(commands) == len(lines), f"only commands of fretscribe can be run: {block}"
        for words in commands:
            assert run(words) == 0, f"{shlex.join(words)}\n{capsys.readouterr().err}"


def _options(words: list[str]) -> Iterator[tuple[str, set[str]]]:
    """Each option in a command line, with all that its command has."""
    command = get_command(app)
    words = route(words, list(getattr(command, "commands", ())))
    context = typer.Context(command)
    while words and words[0] in getattr(command, "commands", {}):
        command = getattr(command, "commands", {})[words.pop(0)]
        context = typer.Context(command, parent=context)
    known = {
        name
        for parameter in command.get_params(context)
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
    for word in words:
        if re.match(r"--?[a-z]", word):
            yield word.partition("=")[0], known


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in GENERATED], ids=_id)
def test_options_that_are_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    shown = [words for block in BLOCK.finditer(text) for words in _commands(block["text"])]
    inline = [words for code in re.findall(r"`(fretscribe [^`]+)`", text) for words in _commands(code)]
    wrong = [
        f"{shlex.join(words)}: {option}"
        for words in [*shown, *inline]
        for option, known in _options(words)
        if option not in known
    ]
    assert wrong == []


def _anchors(page: Path) -> set[str]:
    """What links may name of a page: its headings in lower case, spaces as hyphens, other signs dropped."""
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_links_to_a_part_of_a_page_find_it(page: Path) -> None:
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    links = re.findall(r"\]\(((?![a-z]+:)[^)\s#]*)#([^)\s]+)\)", text)
    wrong = [(to, part) for to, part in links if part not in _anchors(page.parent / to if to else page)]
    assert wrong == []


def test_every_document_can_be_found_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    names = [path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md")]
    assert [name for name in names if f"({name})" not in readme] == []


def test_commands_are_found_and_wrong_options_too() -> None:
    assert _commands(".venv/bin/fretscribe a.wav | less\n$ fretscribe b.wav \\\n  --capo 2  # two\nls\n") == [
        ["a.wav"],
        ["b.wav", "--capo", "2"],
    ]
    assert [option in known for option, known in _options(["a.wav", "--capo", "2", "--no-such"])] == [
        True,
        False,
    ]
    assert [option in known for option, known in _options(["data", "merge", "a", "b", "--out", "c"])] == [
        True
    ]
