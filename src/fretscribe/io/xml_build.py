"""Building XML documents: elements with text, and the bytes of a document that is the same every time.

Knows nothing of music. Neighbours: ``xml_tree`` reads documents, ``musicxml_writer`` builds them.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def plain_text(text: str) -> str:
    """Text in one line, without the characters that XML 1.0 cannot hold.

    >>> plain_text(" A\\x00 tab\\nof mine ")
    'A tab of mine'
    """
    return " ".join(_ILLEGAL.sub("", text).split())


def add(parent: Element, tag: str, content: str | int = "", /, **attributes: str) -> Element:
    """A new last child; texts stand on one line.

    An underscore in the name of an attribute stands for a hyphen.
    """
    names = {name.replace("_", "-"): plain_text(value) for name, value in attributes.items()}
    child = SubElement(parent, tag, names)
    if content != "":
        child.text = plain_text(str(content))
    return child


def document(root: Element, doctype: str = "") -> bytes:
    """The document in UTF-8, indented by two spaces."""
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    head = '<?xml version="1.0" encoding="UTF-8"?>\n' + (f"{doctype}\n" if doctype else "")
    return f"{head}{body}\n".encode()
