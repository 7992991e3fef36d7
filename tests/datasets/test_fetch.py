"""Downloading archives, from a server of our own in this process."""

from __future__ import annotations

import hashlib
import http.server
import io
import re
import socket
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fretscribe.datasets.fetch import GUITARSET_ARCHIVES, Archive, fetch
from fretscribe.datasets.guitarset import AUDIO_FOLDERS
from fretscribe.errors import DatasetError, OptionError, OutputError


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


ANNOTATION = zipped(**{"00_A-1-C_comp.jams": b"{}" * 500, "01_A-1-C_solo.jams": b"[]"})
MIC = zipped(
    **{
        "audio_mono-mic/": b"",
        "audio_mono-mic/00_A-1-C_comp_mic.wav": bytes(range(256)) * 2000,
        "__MACOSX/audio_mono-mic/._00_A-1-C_comp_mic.wav": b"x",
    }
)
FILES = {"annotation.zip": ANNOTATION, "audio_mono-mic.zip": MIC}
ARCHIVES = {
    key: Archive(name=name, folder=name.removesuffix(".zip"), md5=hashlib.md5(FILES[name]).hexdigest())  # noqa: S324
    for key, name in (("annotation", "annotation.zip"), ("mic", "audio_mono-mic.zip"))
}


class Server(http.server.ThreadingHTTPServer):
    """Serves `files`; may lack ranges or HEAD, or break off."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = dict(FILES)
        self.knows_ranges = True
        self.knows_head = True
        self.break_off_after: int | None = None
        self.requests: list[tuple[str, str, str | None]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/files"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def do_HEAD(self) -> None:
        if self.server.knows_head:
            self._answer(with_body=False)
        else:
            self.send_error(405)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        wanted = self.headers.get("Range")
        name = self.path.partition("?")[0].rpartition("/")[2]
        self.server.requests.append((self.command, name, wanted))
        if name not in self.server.files:
            self.send_error(404)
            return
        data = self.server.files[name]
        first = 0
        if wanted and self.server.knows_ranges:
            match = re.fullmatch(r"bytes=(\d+)-", wanted)
            assert match is not None
            first = int(match[1])
            if first >= len(data):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
        else:
            self.send_response(200)
        body = data[first:]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body[: self.server.break_off_after])
            self.close_connection = True


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def get(server: Server, out: Path, *what: str, **options: object) -> list[str]:
    told: list[str] = []
    fetch(out, what, archives=ARCHIVES, base_url=server.url, tell=told.append, **options)  # type: ignore[arg-type]
    return told


def test_archives_become_the_folders_of_the_layout(server: Server, tmp_path: Path) -> None:
    shares: list[float] = []
    out = tmp_path / "new" / "set"
    told = get(server, out, "annotation", "mic", progress=lambda name, share: shares.append(share))
    assert told[:2] == ["annotation.zip: 0.0 MB", "audio_mono-mic.zip: 0.5 MB"], "all sizes come first"
    assert told[2:] == ["annotation is complete", "audio_mono-mic is complete"]
    found = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert found == [
        "annotation/00_A-1-C_comp.jams",
        "annotation/01_A-1-C_solo.jams",
        "audio_mono-mic/00_A-1-C_comp_mic.wav",
    ]
    assert (out / "audio_mono-mic" / "00_A-1-C_comp_mic.wav").read_bytes() == bytes(range(256)) * 2000
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert [request[0] for request in server.requests] == ["HEAD", "HEAD", "GET", "GET"]


def test_what_is_there_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "annotation").mkdir()
    (tmp_path / "annotation" / "mine.jams").write_text("{}")
    told = get(server, tmp_path, "annotation")
    assert told == ["annotation is there already and stays as it is"]
    assert server.requests == []
    assert [path.name for path in (tmp_path / "annotation").iterdir()] == ["mine.jams"]


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_a_broken_transfer_goes_on(server: Server, tmp_path: Path, knows_ranges: bool) -> None:
    server.knows_ranges = knows_ranges
    server.break_off_after = 300_000
    with pytest.raises(
        DatasetError, match=r"audio_mono-mic\.zip broke off after 0\.3 MB.*run the same command"
    ):
        get(server, tmp_path, "mic")
    part = tmp_path / "audio_mono-mic.zip.part"
    assert part.read_bytes() == MIC[:300_000]
    server.break_off_after = None
    told = get(server, tmp_path, "mic")
    assert told[0] == "audio_mono-mic.zip: 0.5 MB, 0.3 MB are there"
    assert server.requests[-1] == ("GET", "audio_mono-mic.zip", "bytes=300000-")
    assert (tmp_path / "audio_mono-mic" / "00_A-1-C_comp_mic.wav").stat().st_size == 512_000
    assert not part.exists()


def test_a_server_without_head_or_a_longer_remnant_is_no_trouble(server: Server, tmp_path: Path) -> None:
    server.knows_head = False
    (tmp_path / "annotation.zip.part").write_bytes(b"x" * (len(ANNOTATION) + 5))
    told = get(server, tmp_path, "annotation")
    assert told[0] == "annotation.zip: of unknown size, 0.0 MB are there"
    assert told[-1] == "annotation is complete"


def test_a_whole_transfer_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "annotation.zip.part").write_bytes(ANNOTATION)
    get(server, tmp_path, "annotation")
    assert [request[0] for request in server.requests] == ["HEAD"]


def test_a_wrong_checksum_removes_the_file(server: Server, tmp_path: Path) -> None:
    server.files["annotation.zip"] = zipped(other=b"x")
    with pytest.raises(DatasetError, match=r"annotation\.zip has the checksum [0-9a-f]{32}, not .*removed"):
        get(server, tmp_path, "annotation")
    assert list(tmp_path.iterdir()) == []


def test_an_absent_file_an_absent_server_and_a_foreign_address_are_said(
    tmp_path: Path, server: Server
) -> None:
    del server.files["annotation.zip"]
    with pytest.raises(DatasetError, match=r"the server answers 404 \(Not Found\) to .*annotation\.zip"):
        get(server, tmp_path, "annotation")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(DatasetError, match="cannot reach") as caught:
        fetch(tmp_path, ["mic"], archives=ARCHIVES, base_url=f"http://127.0.0.1:{port}/files")
    assert "\n" not in str(caught.value)
    with pytest.raises(OptionError, match="no address of a web server"):
        fetch(tmp_path, ["mic"], archives=ARCHIVES, base_url="file:///tmp")
    with pytest.raises(OptionError, match="no archive 'mix'"):
        fetch(tmp_path, ["mix"], archives=ARCHIVES)


def test_a_full_disk_is_said_before_and_while_writing(server: Server, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"0\.5 MB are to be downloaded, 0\.1 MB are free"):
        get(server, tmp_path, "mic", free_bytes=lambda folder: 100_000)
    assert all(request[0] == "HEAD" for request in server.requests)
    (tmp_path / "annotation.zip.part").mkdir()
    with pytest.raises(OutputError, match=r"cannot write .*annotation\.zip\.part"):
        get(server, tmp_path, "annotation")


@pytest.mark.parametrize(
    "member", ["../evil.jams", "/evil.jams", "a/../../evil.jams", "a\\..\\evil.jams", "C:evil.jams"]
)
def test_a_member_never_leaves_its_folder(server: Server, tmp_path: Path, member: str) -> None:
    data = zipped(**{"00_A-1-C_comp.jams": b"{}", member: b"evil"})
    server.files["evil.zip"] = data
    archive = Archive(name="evil.zip", folder="annotation", md5=hashlib.md5(data).hexdigest())  # noqa: S324
    with pytest.raises(DatasetError, match="would lie outside"):
        fetch(tmp_path / "set", ["x"], archives={"x": archive}, base_url=server.url)
    assert not list(tmp_path.rglob("*.jams"))


def test_links_doubles_and_foreign_files_are_refused(server: Server, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.jams")
    link.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    for number, data in enumerate(
        (buffer.getvalue(), zipped(), b"no archive", ANNOTATION[:-9] + b"123456789")
    ):
        name = f"bad{number}.zip"
        server.files[name] = data
        bad = Archive(name=name, folder="annotation", md5=hashlib.md5(data).hexdigest())  # noqa: S324
        with pytest.raises(DatasetError, match=name):
            fetch(tmp_path, ["x"], archives={"x": bad}, base_url=server.url)
        assert not (tmp_path / "annotation").exists()


def test_the_table_has_every_folder_of_the_layout() -> None:
    assert {archive.folder for archive in GUITARSET_ARCHIVES.values()} == {
        "annotation",
        *AUDIO_FOLDERS.values(),
    }
    for archive in GUITARSET_ARCHIVES.values():
        assert re.fullmatch(r"[0-9a-f]{32}", archive.md5)
        assert archive.name == f"{archive.folder}.zip"
