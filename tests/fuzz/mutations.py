"""Valid files made wrong, seeded: in bytes, words, the tree of an XML or JSON file, or inside a zip.

Knows no reader. Neighbours: ``readers`` says which mutation fits which format, ``runner`` runs them.
"""

from __future__ import annotations

import copy
import io
import json
import random
import re
import zipfile
from collections.abc import Callable
from typing import Any

Mutation = Callable[[bytes, random.Random], bytes]

_NUMBERS = (
    b"0", b"-1", b"1", b"2", b"7", b"63", b"127", b"128", b"255", b"256", b"1000", b"65536", b"2147483647",
    b"-2147483648", b"4294967296", b"1e9", b"1e308", b"-1e308", b"1e999", b"1e-308", b"nan", b"inf", b"0.0",
    b"-0", b"0.5", b"1/0", b"9" * 5000, b"", b"0x10", b"1_000", b" 3 ", "\u00b2".encode(), "\u0663".encode(),
)  # fmt: skip
_WORDS = re.compile(rb"[0-9.]+|[A-Za-z_]+|[^0-9A-Za-z_.]")
_TOKENS = re.compile(rb"<[^>]*>|[^<]+")
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 128, 2**31, 2**63, 10**400, 1e308, -1e308, 5e-324, float("nan"),
    float("inf"), "", "x", "1", "\ud800", [], {}, [[]], [0] * 300, {"": 0},
)  # fmt: skip
_LONGEST = 200_000


def bytes_mutation(data: bytes, chance: random.Random) -> bytes:
    """One to four changes of bytes: flipped, set, cut, doubled, inserted, or numbers at their extremes."""
    raw = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        if not raw:
            break
        at = chance.randrange(len(raw))
        size = min(chance.choice((1, 2, 4, 8, 32, 256)), len(raw) - at)
        what = chance.randrange(7)
        if what == 0:
            raw[at] ^= 1 << chance.randrange(8)
        elif what == 1:
            raw[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        elif what == 2:
            del raw[at : at + size]
        elif what == 3:
            raw[at:at] = raw[at : at + size] * chance.choice((1, 2, 50))
        elif what == 4:
            raw[at:at] = chance.randbytes(size)
        elif what == 5:
            size = chance.choice((2, 4))
            number = chance.choice((0, 1, 0x7F, 0x7FFF, 0x7FFFFFFF, 0xFFFF, 0xFFFFFFFF, 0x80000000))
            order = chance.choice(("little", "big"))
            raw[at : at + size] = (number % 256**size).to_bytes(size, order)
        elif chance.random() < 0.2:
            del raw[at:]
    return bytes(raw[:_LONGEST])


def text_mutation(data: bytes, chance: random.Random) -> bytes:
    """One to three changes of words, numbers and lines."""
    for _ in range(chance.randint(1, 3)):
        lines = data.splitlines(keepends=True) or [b""]
        at = chance.randrange(len(lines))
        what = chance.randrange(6)
        if what == 0:
            lines[at : at + 1] = lines[at : at + 1] * chance.choice((0, 2, 100))
        elif what == 1:
            lines.insert(at, chance.choice(lines))
        elif what == 2:
            return bytes_mutation(b"".join(lines), chance)
        else:
            words = _WORDS.findall(lines[at]) or [b""]
            word = chance.randrange(len(words))
            words[word] = chance.choice((*_NUMBERS, chance.choice(words), words[word] * 40))
            lines[at] = b"".join(words)
        data = b"".join(lines)[:_LONGEST]
    return data


def xml_mutation(data: bytes, chance: random.Random) -> bytes:
    """One to three changes of elements: their text, attributes, number, place and nesting; or of words."""
    for _ in range(chance.randint(1, 3)):
        tokens = _TOKENS.findall(data)
        if len(tokens) < 3 or chance.random() < 0.1:
            return text_mutation(data, chance)
        at = chance.randrange(len(tokens))
        if not tokens[at].startswith(b"<"):
            tokens[at] = chance.choice((*_NUMBERS, chance.choice(tokens)))
        elif b'="' in tokens[at] and chance.random() < 0.5:
            tokens[at] = re.sub(rb'="[^"]*"', b'="' + chance.choice(_NUMBERS) + b'"', tokens[at], count=1)
        else:
            end = _end_of(tokens, at)
            part = tokens[at:end]
            what = chance.randrange(4)
            if what == 0:
                del tokens[at:end]
            elif what == 1:
                tokens[at:at] = part * chance.choice((1, 2, 40))
            elif what == 2:
                place = chance.randrange(len(tokens))
                tokens[place:place] = part
            else:
                depth = chance.choice((1, 3, 150))
                tokens[at:end] = [b"<a>"] * depth + part + [b"</a>"] * depth
        data = b"".join(tokens)[:_LONGEST]
    return data


def json_mutation(data: bytes, chance: random.Random) -> bytes:
    """One to three changes of values and keys; or of words."""
    if chance.random() < 0.15:
        return text_mutation(data, chance)
    if chance.random() < 0.01:
        return chance.choice((b"[", b'{"a":', b'{"schema":[')) * chance.choice((500, 30_000))
    document = json.loads(data)
    for _ in range(chance.choice((1, 1, 2, 3))):
        holder, key = place_in(document, chance)
        if holder is None:
            return json.dumps(_value(chance)).encode()
        what = chance.randrange(8)
        if what == 7:
            del holder[key]
        elif what >= 6 and isinstance(holder, list):
            holder[key:key] = [holder[key]] * chance.choice((1, 30))
        elif what == 6:
            holder[chance.choice(("x", "", "pitch", "beats"))] = holder[key]
        else:
            old = holder[key]
            is_number = isinstance(old, int | float) and not isinstance(old, bool)
            holder[key] = _other_number(old, chance) if is_number and what < 4 else _value(chance)
    return json.dumps(document).encode()[:_LONGEST]


def inside_zip(mutation: Mutation) -> Mutation:
    """Mostly a mutation of one of a zip's files; sometimes one of the zip itself."""

    def mutated(data: bytes, chance: random.Random) -> bytes:
        if chance.random() < 0.2:
            return bytes_mutation(data, chance)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        name = chance.choice([n for n in files if n.endswith((".gpif", ".xml"))])
        files[name] = mutation(files[name], chance)
        packed = io.BytesIO()
        compression = chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
        with zipfile.ZipFile(packed, "w") as archive:
            for member, content in files.items():
                archive.writestr(zipfile.ZipInfo(member), content, compression)  # of a fixed date
        return packed.getvalue()

    return mutated


def _end_of(tokens: list[bytes], at: int) -> int:
    """One past the token that closes the element which starts at a token."""
    depth = 0
    for place in range(at, len(tokens)):
        token = tokens[place]
        if token.startswith(b"</"):
            depth -= 1
        elif token.startswith(b"<") and not token.startswith((b"<?", b"<!")) and not token.endswith(b"/>"):
            depth += 1
        if depth <= 0:
            return place + 1
    return len(tokens)


def _value(chance: random.Random) -> Any:
    """A copy: a later change must not change what the next input gets."""
    return copy.deepcopy(chance.choice(_VALUES))


def _other_number(number: float, chance: random.Random) -> float:
    """Of the same type, mostly near."""
    if isinstance(number, int):
        return number * chance.choice((-1, 2, 1000)) + chance.choice((-1, 0, 1, 1))
    return number * chance.choice((-1.0, 0.0, 0.5, 0.99, 1.01, 2.0, 1e3, 1e6))


def place_in(document: Any, chance: random.Random) -> tuple[Any, Any]:
    """A random holder and one of its keys, deep or shallow; (None, None) where the document holds nothing."""
    holder, key, here = None, None, document
    while isinstance(here, dict | list) and here and (holder is None or chance.random() < 0.8):
        holder = here
        key = chance.choice(list(here)) if isinstance(here, dict) else chance.randrange(len(here))
        here = here[key]
    return holder, key
