"""Networks are found in folders and in the hub's cache, fetched when asked, and no file is run."""

from __future__ import annotations

import json
import pickle
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from demucs_model import SIX_SOURCES, save_small_demucs
from fretscribe.errors import OptionError, SiteError, WeightsError
from fretscribe.separation.demucs_files import Hub, fetch_model, model_at_hand, read_network

pytest.importorskip("demucs", reason="needs the extra 'separate'")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_small_demucs(tmp_path_factory.mktemp("small"), n_networks=2)


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_of_networks(small: Path) -> None:
    files = model_at_hand(str(small))
    assert files is not None
    assert (files.name, [path.name[:8] for path in files.networks]) == ("small", ["00000000", "00000001"])
    network = read_network(files.networks[0])
    assert tuple(network.sources) == SIX_SOURCES
    assert not network.training
    assert files.sha256() != model_at_hand(str(save_small_demucs(small.parent / "other", seed=1))).sha256()


def test_a_network_alone_is_a_model(small: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.safetensors").write_bytes((small / "00000000.safetensors").read_bytes())
    files = model_at_hand(str(tmp_path))
    assert files is not None
    assert (files.name, files.weights, files.segment_s) == ("mine", None, None)


class _Bomb:
    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return (open, ("opened", "w"))  # a pickle that is read makes this file


ALIASES = "\n".join(
    ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)), "models: *a39"]
).encode()
"""Forty lines that stand for a million million names."""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, r"has no \.safetensors file"),
        ({"955717e8.th": pickle.dumps(_Bomb())}, "is a pickle, which can run any code"),
        ({"a.safetensors": b"", "b.safetensors": b""}, "holds several models"),
        ({"a.yaml": b"models: [x]", "b.safetensors": b""}, "names x, which is not there"),
        ({"a.yaml": b"models: ['../b']", "b.safetensors": b""}, "which is not there"),
        ({"a.yaml": b"models: []", "b.safetensors": b""}, "lists no networks"),
        ({"a.yaml": b"models: [b]\nweights: [[1], [1]]", "b.safetensors": b""}, "not a weight for each"),
        ({"a.yaml": b"models: !!python/object/apply:os.getcwd []", "b.safetensors": b""}, "is no list of"),
        ({"a.yaml": b"\xff\xfe{", "b.safetensors": b""}, "is no list of"),
        ({"a.yaml": b"- 1", "b.safetensors": b""}, "is no list of"),
        ({"a.yaml": b"models: " + b"[" * 2000, "b.safetensors": b""}, "is no list of"),
        ({"a.yaml": b"models: [b]  #" + b" " * 5000, "b.safetensors": b""}, "is no list of"),
        ({"a.yaml": ALIASES, "b.safetensors": b""}, "is no list of"),
        ({"a.yaml": b"models: [" + b"a" * 300 + b"]", "b.safetensors": b""}, "is no list of"),
    ],
)
def test_folders_that_hold_no_model(
    content: Mapping[str, bytes], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "model"
    folder.mkdir()
    for name, data in content.items():
        (folder / name).write_bytes(data)
    with pytest.raises(WeightsError, match=message) as caught:
        model_at_hand(str(folder))
    assert caught.value.mend
    assert not (tmp_path / "opened").exists()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="is no folder"):
        model_at_hand(str(tmp_path / "nowhere"))


@pytest.mark.parametrize("name", ["*", "a b", "htdemucs_6s;rm", "_"])
def test_names_that_are_none(name: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="is not the name of a separation model"):
        model_at_hand(name, hub=Hub(cache=tmp_path))


def rewritten(path: Path, metadata: Mapping[str, str]) -> Path:
    """The same network with other metadata."""
    from safetensors import safe_open
    from safetensors.torch import save_file

    with safe_open(str(path), framework="pt") as file:
        old = file.metadata()
        state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
    again = path.with_name("again.safetensors")
    save_file(state, again, metadata={**old, **metadata})
    return again


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"klass": "os.system"}, r"holds os\.system, not demucs\.htdemucs"),
        ({"structure": "{}"}, "is quantised"),
        ({"args": "not JSON"}, "does not fit Demucs"),
        ({"args": "[" * 100_000}, "does not fit Demucs"),
        (
            {"args": json.dumps([{"_type": "fraction", "numerator": 1, "denominator": 0}])},
            "does not fit Demucs",
        ),
        ({"kwargs": json.dumps({"sources": ["a"], "nonsense": 1})}, "does not fit Demucs"),
        ({"kwargs": json.dumps({"sources": list(SIX_SOURCES)})}, "does not fit Demucs"),
        ({"kwargs": '{"sources": ["a"], "t_layers": 33}'}, "more than 32 layers"),
        ({"kwargs": '{"sources": ["a"], "channels": 1000001}'}, "is too large"),
        ({"kwargs": '{"sources": ["a"], "channels": 1000000}'}, "of another network than its tensors"),
        ({"kwargs": '{"sources": ["a"], "samplerate": 1e999}'}, "is too large"),
    ],
)
def test_networks_of_another_kind(
    metadata: Mapping[str, str], message: str, small: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes((small / "00000000.safetensors").read_bytes())
    with pytest.raises(WeightsError, match=message) as caught:
        read_network(rewritten(copy, metadata))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("n_bytes", [0, 7, 100, 5000])
def test_a_network_that_broke_off(n_bytes: int, small: Path, tmp_path: Path) -> None:
    path = tmp_path / "broken.safetensors"
    path.write_bytes((small / "00000000.safetensors").read_bytes()[:n_bytes])
    with pytest.raises(WeightsError, match="is no safetensors file"):
        read_network(path)


class _FakeHub(BaseHTTPRequestHandler):
    """Hands out files as the hub does: commit and etag in headers."""

    files: Mapping[str, bytes]

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        name = self.path.partition("/resolve/main/")[2]
        data = self.files.get(name)
        if data is None or "authorization" in self.headers:
            self.send_error(404 if data is None else 500)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", f'"{abs(hash(name)):x}"')
        self.send_header("X-Repo-Commit", "c" * 40)
        self.end_headers()
        if with_body:
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def fake_hub(files: Mapping[str, bytes]) -> Iterator[str]:
    handler = type("Handler", (_FakeHub,), {"files": files})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_model_is_fetched_once_and_its_size_is_told_first(small: Path, tmp_path: Path) -> None:
    content = files_of(small)
    content["htdemucs_6s.yaml"] = content.pop("small.yaml")
    said: list[str] = []
    with fake_hub(content) as endpoint:
        hub = Hub(endpoint=endpoint, cache=tmp_path)
        assert model_at_hand("htdemucs_6s", hub=hub) is None
        files = fetch_model("htdemucs_6s", say=said.append, hub=hub)
    assert [line.split(", from ")[0] for line in said] == [
        "downloading htdemucs_6s.yaml, 0.0 MB",
        "downloading 00000000.safetensors, 1.1 MB",
        "downloading 00000001.safetensors, 1.1 MB",
    ]
    assert "/adefossez/HTDemucs-6s/resolve/main/" in said[0]
    read_network(files.networks[1])
    assert fetch_model("htdemucs_6s", say=said.append, hub=hub) == files  # the hub is gone
    assert len(said) == 3


def test_a_download_that_broke_off_is_not_at_hand(small: Path, tmp_path: Path) -> None:
    content = files_of(small)
    content["htdemucs_6s.yaml"] = content.pop("small.yaml")
    last = content.pop("00000001.safetensors")
    with fake_hub(content) as endpoint:
        hub = Hub(endpoint=endpoint, cache=tmp_path)
        with pytest.raises(SiteError, match=r"00000001\.safetensors answered 404") as caught:
            fetch_model("htdemucs_6s", say=lambda _: None, hub=hub)
    assert "--separation-model DIR" in str(caught.value.mend)
    assert model_at_hand("htdemucs_6s", hub=hub) is None
    said: list[str] = []
    with fake_hub({**content, "00000001.safetensors": last}) as endpoint:
        fetch_model("htdemucs_6s", say=said.append, hub=Hub(endpoint=endpoint, cache=tmp_path))
    assert len(said) == 1


def test_without_a_network_there_is_one_line_and_soon(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # not listening: refused
        hub = Hub(endpoint=f"http://127.0.0.1:{closed.getsockname()[1]}", cache=tmp_path)
        started_s = time.monotonic()
        with pytest.raises(SiteError, match="cannot be reached") as caught:
            fetch_model("htdemucs_6s", say=pytest.fail, hub=hub)
    assert time.monotonic() - started_s < 5
    assert "\n" not in str(caught.value)


def test_a_hub_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hub = Hub(endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}", cache=tmp_path, timeout_s=0.2)
        started_s = time.monotonic()
        with pytest.raises(SiteError, match="cannot be reached"):
            fetch_model("htdemucs_6s", say=pytest.fail, hub=hub)
    assert time.monotonic() - started_s < 5
