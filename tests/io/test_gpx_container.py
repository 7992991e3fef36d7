import struct
import tracemalloc

import numpy as np
import pytest

from fretscribe.errors import TabFormatError
from fretscribe.io.gpx_container import MAX_UNPACKED_BYTES, read_gpx_member


class Bits:
    """Bits to bytes, the highest first."""

    def __init__(self) -> None:
        self.bits: list[int] = []

    def number(self, value: int, width: int) -> None:
        self.bits += [value >> i & 1 for i in reversed(range(width))]

    def reversed_number(self, value: int, width: int) -> None:
        self.bits += [value >> i & 1 for i in range(width)]

    def bytes(self) -> bytes:
        return np.packbits(np.array(self.bits, dtype=np.uint8)).tobytes()


def packed(data: bytes) -> bytes:
    """Packed as Guitar Pro does it: runs of one byte as copies, the rest as literals."""
    bits, i = Bits(), 0
    while i < len(data):
        run = 0
        while i and i + run < len(data) and run < 15 and data[i + run] == data[i - 1]:
            run += 1
        # A copy takes at most as many bytes as it goes back.
        back = next((b for b in (8, 4, 2) if run >= b and i >= b and len(set(data[i - b : i])) == 1), 0)
        if back:
            bits.number(1, 1)
            bits.number(5, 4)
            bits.reversed_number(back, 5)
            bits.reversed_number(back, 5)
            i += back
            continue
        chunk = data[i : i + 3]
        bits.number(0, 1)
        bits.reversed_number(len(chunk), 2)
        for byte in chunk:
            bits.number(byte, 8)
        i += len(chunk)
    return b"BCFZ" + struct.pack("<I", len(data)) + bits.bytes()


def system(**files: bytes) -> bytes:
    """A file system: sector 0, then an entry and the contents of each file."""
    sectors = [bytes(0x1000)]
    for name, data in files.items():
        n_sectors = -(-len(data) // 0x1000)
        entry = bytearray(0x1000)
        struct.pack_into("<i", entry, 0, 2)
        entry[4 : 4 + len(name)] = name.encode()
        struct.pack_into("<i", entry, 0x8C, len(data))
        first = len(sectors) + 1
        struct.pack_into(f"<{n_sectors}i", entry, 0x94, *range(first, first + n_sectors))
        whole = data.ljust(n_sectors * 0x1000, b"\0")
        sectors += [bytes(entry), *(whole[s * 0x1000 : (s + 1) * 0x1000] for s in range(n_sectors))]
    return b"BCFS" + b"".join(sectors)


SCORE = b"<GPIF>" + bytes(range(256)) * 20 + b"</GPIF>"
FILES = {"other": b"\x02\0\0\0looks like an entry", "score": SCORE}


def test_plain_and_packed() -> None:
    for container in (system(**FILES), packed(system(**FILES))):
        assert read_gpx_member(container, "score", "a.gpx") == SCORE
        assert read_gpx_member(container, "other", "a.gpx") == FILES["other"]
    assert len(packed(system(**FILES))) < len(system(**FILES)), "the test packs nothing"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is no Guitar Pro 6 container"),
        (b"BCFZ", "is cut short"),
        (b"BCFZ" + struct.pack("<I", MAX_UNPACKED_BYTES + 1), "the limit is"),
        (b"BCFZ" + struct.pack("<I", 9) + b"\xff" * 9, "copies from before its start"),
        (b"BCFS", "holds no score"),
        (system(other=b"x"), r"holds no score \(1 other files\)"),
        (system(score=b"x")[:-0x1000], r"points outside of itself \(sector 2\)"),
        (system(score=bytes(0x2000)).replace(struct.pack("<ii", 2, 3), struct.pack("<ii", 2, 2), 1), "twice"),
    ],
)
def test_broken_containers(data: bytes, message: str) -> None:
    with pytest.raises(TabFormatError, match=message) as caught:
        read_gpx_member(data, "score", "a.gpx")
    assert "a.gpx: " in caught.value.message


def test_many_files_of_the_same_sectors_take_no_memory() -> None:
    n_files, n_shared = 200, 900
    shared = struct.pack(f"<{n_shared}I", *range(n_files + 1, n_files + 1 + n_shared))
    entries = [
        (struct.pack("<I", 2) + b"file%d" % i).ljust(0x8C, b"\0")
        + struct.pack("<I", 2**31 - 1)
        + bytes(4)
        + shared
        for i in range(n_files)
    ]
    system = b"".join(s.ljust(4096, b"\0") for s in (b"", *entries)) + bytes(4096 * n_shared)
    tracemalloc.start()
    try:
        with pytest.raises(TabFormatError, match="200 other files"):
            read_gpx_member(b"BCFS" + system, "score.gpif", "bomb.gpx")
        assert tracemalloc.get_traced_memory()[1] < 40_000_000  # 737 MB where each file is gathered
    finally:
        tracemalloc.stop()
