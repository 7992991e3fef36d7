"""Changes that keep a file's frame whole (lengths, headers, columns), so that its inside is read.

Knows no reader. Neighbours: ``mutations`` changes bytes, words and trees, ``readers`` says what fits which
format.
"""

from __future__ import annotations

import io
import json
import random
import sqlite3
import struct
import zipfile

from fuzz.mutations import bytes_mutation, json_mutation, place_in, text_mutation

_SYMBOLS = "hpbrx~/\\()[]<>|:*.=^vsStTMm-0123456789 \t\u2014\u00bd"
_NAMES = ("e", "E", "B", "G", "D", "A", "Eb", "F#", "d", "", "x", "1", "Low E", "\u266d", "E|", "Bb2")
_HEADERS = (
    "Tuning: D A D G B E", "Tuning: Drop C", "Tuning: E", "Capo: 3", "Capo 99", "capo on 2nd fret",
    "Tempo: 0", "Tempo: 9999999 bpm", "BPM = 120", "Key: H", "[Solo] x4", "(play 99 times)",
    "Repeat x 1000000", "||: x2 :||", "Am   F   C   G", "N.C.", "1 + 2 + 3 e + a", "q e e q. s s", "3/4",
    "Time: 4/0", "\u2028", "\x00", "e|", "|",
)  # fmt: skip


def tab_text_mutation(data: bytes, chance: random.Random) -> bytes:
    """Text tabs: columns, string names, bars, systems and the words around them; a tab stays a tab."""
    lines = data.decode("utf-8", "replace").split("\n")
    for _ in range(chance.randint(1, 5)):
        rows = [i for i, line in enumerate(lines) if line.count("-") > 4]
        if not rows or chance.random() < 0.15:
            return text_mutation("\n".join(lines).encode("utf-8", "replace"), chance)
        at = chance.choice(rows)
        line = lines[at]
        column = chance.randrange(len(line))
        what = chance.randrange(10)
        if what < 3:
            new = "".join(chance.choices(_SYMBOLS, k=chance.choice((1, 1, 2, 3, 30))))
            width = len(new) if chance.random() < 0.7 else 0
            lines[at] = line[:column] + new + line[column + width :]
        elif what == 3:
            lines[at] = line[:column] + line[column + chance.choice((1, 1, 2, 10)) :]
        elif what == 4:
            lines[at] = chance.choice(_NAMES) + chance.choice(("|", "", ":", "||", " ")) + line[2:]
        elif what == 5:  # the same columns of a whole system
            first = max(rows[0], at - chance.randrange(6))
            piece = chance.choice(("|", "||:", ":||", "-" * 40, "|x2|", "", " "))
            for row in range(first, min(first + 6, len(lines))):
                lines[row] = lines[row][:column] + piece + lines[row][column + chance.choice((0, 1)) :]
        elif what == 6:
            lines.insert(at, chance.choice(_HEADERS))
        elif what == 7:
            del lines[at : at + chance.choice((1, 1, 6))]
        elif what == 8:
            lines[at:at] = lines[at : at + 7] * chance.choice((1, 3, 40))
        else:
            lines[at] = line * chance.choice((2, 20)) if chance.random() < 0.3 else " " * column + line
    return "\n".join(lines).encode("utf-8", "replace")[:200_000]


def midi_mutation(data: bytes, chance: random.Random) -> bytes:
    """Standard MIDI: changes inside a track, its length made right again; sometimes of any bytes."""
    chunks = _chunks(data)
    if not chunks or chance.random() < 0.2:
        return bytes_mutation(data, chance)
    number = chance.randrange(len(chunks))
    name, body = chunks[number]
    if name == b"MThd":
        fields = [0, 1, 2, 3, len(chunks), 24, 96, 480, 0x7FFF, 0x8000, 0xE250, 0xFFFF]
        body = struct.pack(">3H", *(chance.choice(fields) for _ in range(3)))
        chunks[number] = (name, body if chance.random() < 0.8 else body + b"\0")
    else:
        what = chance.randrange(5)
        if what == 0:
            chunks.insert(number, chance.choice(chunks))
        elif what == 1:
            event = chance.choice(_EVENTS)
            at = chance.randrange(len(body) + 1)
            chunks[number] = (name, body[:at] + b"\0" + event + body[at:])
        else:
            chunks[number] = (name, bytes_mutation(body, chance))
    return b"".join(name + struct.pack(">I", len(body)) + body for name, body in chunks)


_EVENTS = [
    bytes.fromhex(event)
    for event in (
        "90407f", "904000", "804000", "e00000", "e07f7f", "b06500", "b00618", "ff5103000000", "ff5103ffffff",
        "ff51020000", "ff580400000000", "ff5804ff1f1808", "ff59020802", "ff2f00", "f0057e7f0901f7",
        "ff01047b226122", "ffffffffff7f", "c07f", "ff200199", "ff00020001",
    )
]  # fmt: skip
"""Notes, bends, controllers and what a track says of tempo, metre and key, whole and broken."""


def near_json_mutation(data: bytes, chance: random.Random) -> bytes:
    """Small changes that a strict reader lets pass more often: numbers a little off, entries swapped."""
    document = json.loads(data)
    for _ in range(chance.randint(1, 6)):
        holder, key = place_in(document, chance)
        if holder is None:
            break
        old = holder[key]
        if isinstance(old, bool):
            holder[key] = not old
        elif isinstance(old, int):
            holder[key] = old + chance.choice((-12, -1, 1, 1, 2, 12))
        elif isinstance(old, float):
            holder[key] = old + chance.choice((-1.0, -0.01, -1e-9, 1e-9, 0.01, 0.5, 1.0))
        elif isinstance(holder, list):
            other = chance.randrange(len(holder))
            holder[key], holder[other] = holder[other], holder[key]
        elif isinstance(old, str):
            others = [value for value in holder.values() if isinstance(value, str)]
            holder[key] = chance.choice((*others, old + "x", old[:-1], "", "1/3"))
        elif isinstance(old, list) and old:
            old.insert(chance.randrange(len(old)), chance.choice(old))
            if chance.random() < 0.5:
                del old[chance.randrange(len(old))]
        else:
            holder[key] = None
    return json.dumps(document).encode()[:200_000]


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    chunks, at = [], 0
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at + 4)
        chunks.append((data[at : at + 4], data[at + 8 : at + 8 + length]))
        at += 8 + length
    return chunks


def safetensors_mutation(data: bytes, chance: random.Random) -> bytes:
    """The header of a safetensors file, or the JSON in its metadata; its length made right again."""
    (length,) = struct.unpack_from("<Q", data)
    header, tensors = data[8 : 8 + length], data[8 + length :]
    what = chance.randrange(10)
    if what == 0:
        return bytes_mutation(data[: 8 + length], chance) + tensors
    if what < 8:
        document = json.loads(header)
        metadata = document["__metadata__"]
        key = chance.choice(list(metadata))
        changed = json_mutation(metadata[key].encode(), chance) if metadata[key][:1] in "[{" else b"x"
        metadata[key] = changed.decode("utf-8", "replace")
        header = json.dumps(document).encode()
    else:
        header = json_mutation(header, chance)
    return struct.pack("<Q", len(header)) + header + tensors


def onnx_mutation(data: bytes, chance: random.Random) -> bytes:
    """The JSON that a network carries, or any bytes of its graph."""
    import onnx

    if chance.random() < 0.4:
        return bytes_mutation(data, chance)
    model = onnx.load_from_string(data)
    entry = chance.choice(list(model.metadata_props))
    entry.value = json_mutation(entry.value.encode(), chance).decode("utf-8", "replace")
    return model.SerializeToString()  # type: ignore[no-any-return]


def npy_mutation(data: bytes, chance: random.Random) -> bytes:
    """The header of a ``.npy`` file, its length made right again; or any bytes."""
    if data[:6] != b"\x93NUMPY" or chance.random() < 0.3:
        return bytes_mutation(data, chance)
    (length,) = struct.unpack_from("<H", data, 8)
    header = data[10 : 10 + length]
    for what, others in _NPY:
        if chance.random() < 0.4:
            header = header.replace(what, chance.choice(others))
    if chance.random() < 0.3:
        header = text_mutation(header, chance)[:20_000]
    return data[:8] + struct.pack("<H", len(header)) + header + data[10 + length :]


_NPY: tuple[tuple[bytes, tuple[bytes, ...]], ...] = (
    (b"(", (b"(1000000000000, ", b"(0, ", b"(-1, ", b"(2, ", b"((", b"(" * 90, b"(1e9, ")),
    (
        b"<f4",
        (b"|O", b"<f8", b">f4", b"|V9", b"<U9", b"|b1", b"<c16", b"<M8[s]", b"x", b"<i8", b"|S1000000000"),
    ),
    (b"False", (b"True", b"1", b"None")),
)


def npz_mutation(data: bytes, chance: random.Random) -> bytes:
    """An array inside an archive of arrays; or the archive."""
    if chance.random() < 0.2:
        return bytes_mutation(data, chance)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(list(members))
    what = chance.randrange(6)
    if what == 0:
        del members[name]
    elif what == 1:
        members[chance.choice(("x.npy", "../x.npy", "", "x.txt"))] = members[name]
    elif what == 2:
        members[name] = members[chance.choice(list(members))]
    else:
        members[name] = npy_mutation(members[name], chance)
    return zipped(members, chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))


def member_mutation(data: bytes, chance: random.Random) -> bytes:
    """Names and kinds of a zip's members; or any bytes of it."""
    if chance.random() < 0.4:
        return bytes_mutation(data, chance)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(chance.randint(1, 3)):
        old = chance.choice(list(members))
        names = (
            "../" + old,
            "/" + old,
            "a\\b",
            "C:x",
            old + "/x",
            "x" * 300,
            "\u00fc",
            "a/" * 120 + "b",
            "",
            ".",
        )
        members[chance.choice(names)] = members[old] if chance.random() < 0.5 else members.pop(old)
    return zipped(members, chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))


def zipped(members: dict[str, bytes], compression: int) -> bytes:
    """A zip archive of a fixed date."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return packed.getvalue()


def sqlite_mutation(data: bytes, chance: random.Random) -> bytes:
    """A cell of a database, of its own type or another; or any bytes of the file."""
    if chance.random() < 0.3:
        return bytes_mutation(data, chance)
    db = sqlite3.connect(":memory:", isolation_level=None)
    try:
        db.deserialize(data)
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        table = chance.choice([n for n in names if not n.startswith("sqlite_")])
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
        rows = db.execute(f"SELECT rowid, * FROM {table}").fetchall()  # noqa: S608 - the seed's own names
        for _ in range(chance.choice((1, 1, 2))):
            rowid, *cells = chance.choice(rows)
            column = chance.randrange(len(columns))
            value = _cell(cells[column], chance)
            db.execute(f"UPDATE OR IGNORE {table} SET {columns[column]} = ? WHERE rowid = ?", (value, rowid))  # noqa: S608
        return db.serialize()
    except sqlite3.IntegrityError:  # what a column cannot hold, no file does
        return bytes_mutation(data, chance)
    finally:
        db.close()


def _cell(old: object, chance: random.Random) -> object:
    if isinstance(old, str) and chance.random() < 0.7:
        is_json = old[:1] in "[{" and old[:1] != ""
        changed = (json_mutation if is_json else text_mutation)(old.encode(), chance)
        return changed.decode("utf-8", "replace")
    number = old if isinstance(old, int) else 0
    numbers = (number + 1, -1, number * 1000, 2**62)
    return chance.choice((None, 0, *numbers, 0.5, 1e308, "", "x", "[", b"\xff", "\u00e9", "[" * 5000))
