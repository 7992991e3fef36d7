"""Downloads a dataset's official archives: sizes first, resumable, checksum verified, then unpacked.

A transfer lies in ``NAME.part`` until its checksum is right; the same call goes on where an earlier one broke
off. Only the standard library talks to the network. Knows archives, not their content. Neighbours: ``unpack``
opens the archives, ``guitarset`` reads what lies there afterwards.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from fretscribe.datasets.unpack import unpack
from fretscribe.errors import DatasetError, FretscribeError, OptionError, OutputError

Tell = Callable[[str], None]
Progress = Callable[[str, float], None]

_BLOCK_BYTES = 1 << 18
_TIMEOUT_S = 60.0
_RESUME = "run the same command again: it goes on where it broke off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """An archive of a dataset.

    Attributes
    ----------
    name : str
        Of the file on the server.
    folder : str
        Where its files go, below the dataset's folder.
    md5 : str
        Hexadecimal, as the server's record gives it.
    """

    name: str
    folder: str
    md5: str


GUITARSET_URL = "https://zenodo.org/records/3371780/files"
GUITARSET_ARCHIVES: Mapping[str, Archive] = MappingProxyType(
    {
        "annotation": Archive(
            name="annotation.zip", folder="annotation", md5="b39b78e63d3446f2e54ddb7a54df9b10"
        ),
        "mic": Archive(
            name="audio_mono-mic.zip", folder="audio_mono-mic", md5="275966d6610ac34999b58426beb119c3"
        ),
        "mix": Archive(
            name="audio_mono-pickup_mix.zip",
            folder="audio_mono-pickup_mix",
            md5="aecce79f425a44e2055e46f680e10f6a",
        ),
        "hex_debleeded": Archive(
            name="audio_hex-pickup_debleeded.zip",
            folder="audio_hex-pickup_debleeded",
            md5="c31d97279464c9a67e640cb9061fb0c6",
        ),
        "hex": Archive(
            name="audio_hex-pickup_original.zip",
            folder="audio_hex-pickup_original",
            md5="f9911bf217cb40e9e68edf3726ef86cc",
        ),
    }
)
"""GuitarSet's archives (CC BY 4.0), the checksums as the loader of mirdata has them."""


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def fetch(
    out: Path,
    what: Sequence[str],
    *,
    archives: Mapping[str, Archive] = GUITARSET_ARCHIVES,
    base_url: str = GUITARSET_URL,
    tell: Tell | None = None,
    progress: Progress | None = None,
    free_bytes: Callable[[Path], int] = _free_bytes,
    timeout_s: float = _TIMEOUT_S,
) -> tuple[Path, ...]:
    """Download archives and unpack them into folders of ``out``.

    Parameters
    ----------
    out : Path
        Made if absent.
    what : sequence of str
        Keys of ``archives``.
    archives : mapping of str to Archive
    base_url : str
        The archives' names are appended to it.
    tell : callable, optional
        Called with a line for each size and each finished folder.
    progress : callable, optional
        Called with an archive's name and the share of all bytes that is there, 0..1.
    free_bytes : callable
        Bytes that are free where a folder lies.
    timeout_s : float
        Seconds without a byte after which the server counts as gone.

    Returns
    -------
    tuple of Path
        The folders, whether fetched now or there before.

    Raises
    ------
    OptionError
        If there is no such archive, or the address is not http(s).
    DatasetError
        If the server cannot be reached, lacks the file or breaks off (what is there is kept), or if the
        checksum is wrong (the file is removed) or the archive is no clean zip.
    OutputError
        If the disk is full or the folder cannot be written.
    """
    for key in what:
        if key not in archives:
            raise OptionError(f"there is no archive {key!r}", mend=f"use {', '.join(archives)}")
    if not base_url.startswith(("https://", "http://")):
        raise OptionError(f"{base_url!r} is no address of a web server", mend="start it with https://")
    say = tell or (lambda line: None)
    with _writing(out):
        out.mkdir(parents=True, exist_ok=True)
    wanted = []
    for archive in (archives[key] for key in dict.fromkeys(what)):
        if _has_files(out / archive.folder):
            say(f"{archive.folder} is there already and stays as it is")
        else:
            wanted.append(_Transfer(archive=archive, out=out, base_url=base_url, timeout_s=timeout_s))
    total = _announce(wanted, out, say, free_bytes)
    before = 0
    for transfer in wanted:

        def show(n_bytes: int, before: int = before, name: str = transfer.archive.name) -> None:
            if progress is not None:
                progress(name, min(1.0, (before + n_bytes) / max(1, total)))

        before += transfer.run(show)
        transfer.verify()
        unpack(transfer.part, out / transfer.archive.folder, free_bytes=free_bytes(out))
        with _writing(transfer.part):
            transfer.part.unlink()
        say(f"{transfer.archive.folder} is complete")
    return tuple(out / archives[key].folder for key in dict.fromkeys(what))


def _has_files(folder: Path) -> bool:
    return folder.exists() and (not folder.is_dir() or any(folder.iterdir()))


def _announce(transfers: Sequence[_Transfer], out: Path, say: Tell, free_bytes: Callable[[Path], int]) -> int:
    """Tell all sizes before the first byte is fetched, and stop if the disk is too small; their sum."""
    total, missing = 0, 0
    for transfer in transfers:
        size = transfer.ask_size()
        there = transfer.n_there()
        shown = "of unknown size" if size is None else megabytes(size)
        say(f"{transfer.archive.name}: {shown}" + (f", {megabytes(there)} are there" if there else ""))
        total += size or 0
        missing += max(0, (size or 0) - there)
    free = free_bytes(out)
    if missing > free:
        raise OutputError(
            f"{megabytes(missing)} are to be downloaded, {megabytes(free)} are free in {out}",
            mend="make room, or choose another folder",
        )
    return total


def megabytes(n_bytes: int) -> str:
    """A size for people.

    >>> megabytes(39_146_000)
    '39.1 MB'
    """
    return f"{n_bytes / 1e6:.1f} MB"


class _Transfer:
    """One archive on its way."""

    def __init__(self, *, archive: Archive, out: Path, base_url: str, timeout_s: float) -> None:
        self.archive = archive
        self.part = out / f"{archive.name}.part"
        self._url = f"{base_url.rstrip('/')}/{archive.name}?download=1"
        self._timeout_s = timeout_s
        self._size: int | None = None

    def n_there(self) -> int:
        """Bytes that an earlier call has left."""
        return self.part.stat().st_size if self.part.is_file() else 0

    def ask_size(self) -> int | None:
        """Bytes of the archive, None if the server does not say."""
        try:
            with self._open("HEAD", {}) as response:
                self._size = _length(response)
        except urllib.error.HTTPError as error:
            if error.code not in (400, 403, 405, 501):  # some servers answer GET alone
                raise self._refused(error) from error
        return self._size

    def run(self, show: Callable[[int], None]) -> int:
        """Fetch what is missing; the number of bytes that are there then."""
        there = self.n_there()
        if there and there == self._size:
            return there
        headers = {"Range": f"bytes={there}-"} if there else {}
        try:
            with self._open("GET", headers) as response:
                start = there if response.status == 206 and _starts_at(response, there) else 0
                length = _length(response)
                expected = self._size if length is None else start + length
                self._store(response, start, show)
        except urllib.error.HTTPError as error:
            if error.code != 416 or not there:
                raise self._refused(error) from error
            with _writing(self.part):  # what is there is longer than the file: not its beginning
                self.part.unlink()
            return self.run(show)
        there = self.n_there()
        if expected is not None and there < expected:
            raise DatasetError(
                f"{self.archive.name} broke off after {megabytes(there)} of {megabytes(expected)}",
                mend=_RESUME,
            )
        return there

    def verify(self) -> None:
        """Compare the checksum; a wrong file is removed."""
        with _writing(self.part), self.part.open("rb") as file:
            found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        if found != self.archive.md5:
            self.part.unlink()
            raise DatasetError(
                f"{self.archive.name} has the checksum {found}, not {self.archive.md5}; it was removed",
                mend="download it again",
            )

    def _store(self, response: http.client.HTTPResponse, start: int, show: Callable[[int], None]) -> None:
        with _writing(self.part):
            file = self.part.open("r+b" if start else "wb")
        with file:
            file.seek(start)
            n_bytes = start
            while True:
                try:
                    block = response.read(_BLOCK_BYTES)
                except (OSError, http.client.HTTPException) as error:
                    raise DatasetError(
                        f"{self.archive.name} broke off after {megabytes(n_bytes)}: {error}", mend=_RESUME
                    ) from error
                if not block:
                    break
                with _writing(self.part):
                    file.write(block)
                n_bytes += len(block)
                show(n_bytes)
            with _writing(self.part):
                file.flush()

    @contextlib.contextmanager
    def _open(self, method: str, headers: Mapping[str, str]) -> Iterator[http.client.HTTPResponse]:
        """An answer of the server; `HTTPError` if it is a refusal."""
        request = urllib.request.Request(  # noqa: S310  # fetch has checked that it is http(s)
            self._url, method=method, headers={"User-Agent": "fretscribe", **headers}
        )
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s) as response:  # noqa: S310
                yield response
        except (urllib.error.HTTPError, FretscribeError):
            raise
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise DatasetError(
                f"cannot reach {self._url}: {' '.join(str(reason).split())}",
                mend="check the network; " + _RESUME,
            ) from error

    def _refused(self, error: urllib.error.HTTPError) -> DatasetError:
        error.close()
        return DatasetError(
            f"the server answers {error.code} ({error.reason}) to {self._url}",
            mend="check the address, or try again later",
        )


def _length(response: http.client.HTTPResponse) -> int | None:
    text = response.headers.get("Content-Length") or ""
    return int(text) if text.isdigit() else None


def _starts_at(response: http.client.HTTPResponse, start: int) -> bool:
    return (response.headers.get("Content-Range") or "").startswith(f"bytes {start}-")


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn trouble with the disk into an `OutputError` that names the file."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror or error}", mend="make room, or choose another folder"
        ) from error
