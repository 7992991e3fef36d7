"""Guitar Pro 6's container: the files inside a ``.gpx``, packed (BCFZ) or plain (BCFS).

BCFZ is a small LZ77: after the magic and the unpacked length, a stream of bits, highest bit first. A 1 is
followed by a copy from what was unpacked before (4 bits: the width of the two numbers that follow, lowest
bit first: how far back, how many bytes); a 0 by up to three literal bytes. BCFS is a file system of
4096-byte sectors: a sector that starts with the number 2 names a file and lists the sectors of its contents.
Knows nothing of music. Neighbours: ``gpif_reader`` reads the score inside, ``archives`` opens zips.
"""

from __future__ import annotations

import struct

from fretscribe.errors import TabFormatError

PACKED = b"BCFZ"
PLAIN = b"BCFS"
MAX_UNPACKED_BYTES = 32_000_000

_SECTOR = 0x1000
_FILE_ENTRY = 2
_NAME_AT, _NAME_BYTES = 0x04, 127
_SIZE_AT = 0x8C
_SECTORS_AT = 0x94


def read_gpx_member(data: bytes, member: str, name: str) -> bytes:
    """The contents of one file of a ``.gpx`` container.

    Parameters
    ----------
    data : bytes
        The whole container.
    member : str
        Such as ``score.gpif``.
    name : str
        What to call the container in messages.

    Raises
    ------
    TabFormatError
        If the bytes are no such container, are cut short, unpack to more than 32 MB, or lack the member.
    """
    if data[:4] == PACKED:
        data = _unpack(data, name)
    if data[:4] != PLAIN:
        raise TabFormatError(f"{name}: is no Guitar Pro 6 container (it starts with neither BCFZ nor BCFS)")
    system = data[4:]
    files = _files(system, name)
    if member not in files:
        raise TabFormatError(f"{name}: the container holds no {member} ({len(files)} other files)")
    at = files[member]
    sectors = _sector_list(system, at, name)
    whole = b"".join(system[s * _SECTOR : (s + 1) * _SECTOR] for s in sectors)
    return whole[: max(0, _integer(system, at + _SIZE_AT))]


class _Bits:
    """Bits of a byte string, the highest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._next = 0
        self._buffer = 0
        self._held = 0

    def number(self, width: int) -> int:
        """The next ``width`` bits, highest first; raises IndexError at the end."""
        while self._held < width:
            self._buffer = (self._buffer << 8) | self._data[self._next]
            self._next += 1
            self._held += 8
        self._held -= width
        value = self._buffer >> self._held
        self._buffer &= (1 << self._held) - 1
        return value

    def reversed_number(self, width: int) -> int:
        """The next ``width`` bits, lowest first."""
        value = 0
        for place in range(width):
            value |= self.number(1) << place
        return value


def _unpack(data: bytes, name: str) -> bytes:
    if len(data) < 8:
        raise TabFormatError(f"{name}: the container is cut short (byte {len(data)})")
    (length,) = struct.unpack_from("<I", data, 4)
    if length > MAX_UNPACKED_BYTES:
        raise TabFormatError(
            f"{name}: says that it unpacks to {length} bytes, the limit is {MAX_UNPACKED_BYTES}"
        )
    bits = _Bits(data[8:])
    unpacked = bytearray()
    try:
        while len(unpacked) < length:
            if bits.number(1):
                _copy(unpacked, bits, name)
            else:
                for _ in range(bits.reversed_number(2)):
                    unpacked.append(bits.number(8))
    except IndexError:
        # The last blocks of real files may lack their padding; what is missing shows in the contents.
        pass
    return bytes(unpacked)


def _copy(unpacked: bytearray, bits: _Bits, name: str) -> None:
    width = bits.number(4)
    back = bits.reversed_number(width)
    count = min(back, bits.reversed_number(width))
    start = len(unpacked) - back
    if start < 0:
        raise TabFormatError(f"{name}: the container copies from before its start (byte {len(unpacked)})")
    unpacked += unpacked[start : start + count]


def _files(system: bytes, name: str) -> dict[str, int]:
    """Where the entry of every file of a file system is; one that points outside of it is an error.

    Contents are not gathered here: thousands of entries may name the same sectors.
    """
    files: dict[str, int] = {}
    content: set[int] = set()
    for sector in range(1, -(-len(system) // _SECTOR)):
        at = sector * _SECTOR
        if sector in content or len(system) < at + _SECTORS_AT or _integer(system, at) != _FILE_ENTRY:
            continue
        raw_name = system[at + _NAME_AT : at + _NAME_AT + _NAME_BYTES].partition(b"\0")[0]
        sectors = _sector_list(system, at, name)
        content.update(sectors)
        files[raw_name.decode("utf-8", "replace")] = at
    return files


def _sector_list(system: bytes, at: int, name: str) -> list[int]:
    sectors: list[int] = []
    for place in range(at + _SECTORS_AT, min(at + _SECTOR, len(system)) - 3, 4):
        sector = _integer(system, place)
        if sector == 0:
            break
        if not 0 < sector * _SECTOR < len(system):
            raise TabFormatError(f"{name}: the container points outside of itself (sector {sector})")
        sectors.append(sector)
    if len(set(sectors)) < len(sectors):
        raise TabFormatError(f"{name}: the container uses a sector of a file twice")
    return sectors


def _integer(data: bytes, at: int) -> int:
    (value,) = struct.unpack_from("<i", data, at)
    return int(value)
