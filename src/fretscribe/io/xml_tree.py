"""XML of score files to an element tree, strictly: no entities of the file's own, bounded size and depth.

Knows nothing of music. Neighbours: ``gpif_reader`` and ``musicxml_reader``.
"""

from __future__ import annotations

from typing import Never
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from fretscribe.errors import TabFormatError

MAX_BYTES = 32_000_000
MAX_ELEMENTS = 1_000_000
MAX_DEPTH = 100


class _RefusedError(Exception):
    """Why a document is not read on."""


def parse_xml(data: bytes, name: str) -> Element:
    """The root element of a document.

    Parameters
    ----------
    data : bytes
        At most 32 MB. A document type may be named, entities may not be declared; nothing outside of the
        document is ever read.
    name : str
        What to call the file in messages.

    Raises
    ------
    TabFormatError
        If it is no XML, declares entities, or is too large, too deep or has too many elements.
    """
    if len(data) > MAX_BYTES:
        raise TabFormatError(f"{name}: is {len(data)} bytes of XML, the limit is {MAX_BYTES}")
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.EntityDeclHandler = _refuse_entity
    try:
        parser.Parse(data, True)
    except expat.ExpatError as e:
        message = expat.errors.messages.get(e.code, str(e))
        raise TabFormatError(f"{name}: line {e.lineno}, column {e.offset + 1}: {message}") from e
    except (_RefusedError, ValueError, LookupError) as e:
        raise TabFormatError(f"{name}: line {parser.CurrentLineNumber}: {e}") from e
    return builder.tree.close()


class _Builder:
    """Builds the tree and counts."""

    def __init__(self) -> None:
        self.tree = TreeBuilder()
        self._depth = 0
        self._elements = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH:
            raise _RefusedError(f"is nested deeper than {MAX_DEPTH} elements")
        if self._elements > MAX_ELEMENTS:
            raise _RefusedError(f"has more than {MAX_ELEMENTS} elements")
        self.tree.start(tag, attributes)

    def end(self, tag: str) -> None:
        self._depth -= 1
        self.tree.end(tag)

    def text(self, text: str) -> None:
        self.tree.data(text)


def _refuse_entity(*_: object) -> Never:
    raise _RefusedError("declares an entity, which no score needs")


def text_of(element: Element, path: str) -> str:
    """Stripped text of a descendant, "" where there is none."""
    return (element.findtext(path) or "").strip()


def integer(text: str, place: str, *, low: int, high: int) -> int:
    """A whole number written in a document.

    Raises
    ------
    TabFormatError
        If it is none, or outside ``low .. high``; the message starts with ``place``.
    """
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
        raise TabFormatError(f"{place}: must be a whole number, not {text[:20]!r}")
    if not low <= int(text) <= high:
        raise TabFormatError(f"{place}: must be {low} to {high}, not {int(text)}")
    return int(text)
