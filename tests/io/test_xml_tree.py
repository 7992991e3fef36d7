import pytest

from fretscribe.errors import TabFormatError
from fretscribe.io.xml_tree import integer, parse_xml, text_of

BOMB = b"""<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;&x;&x;">]><a>&y;</a>"""
OUTSIDE = b"""<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>"""
NAMED = b"""<?xml version="1.0"?><!DOCTYPE a PUBLIC "-//X//EN" "http://example.org/a.dtd"><a><b> c </b></a>"""


def test_documents() -> None:
    root = parse_xml(NAMED, "x")
    assert (root.tag, text_of(root, "b"), text_of(root, "c")) == ("a", "c", "")
    assert text_of(parse_xml("<a><b>ä</b></a>".encode("utf-16"), "x"), "b") == "ä"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (BOMB, "declares an entity"),
        (OUTSIDE, "declares an entity"),
        (b"<a>&nbsp;</a>", "undefined entity"),
        (b"<a><b></a>", "line 1, column 9: mismatched tag"),
        (b"", "no element found"),
        (b"<a>" * 101 + b"</a>" * 101, "nested deeper than 100"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "unknown encoding"),
    ],
)
def test_what_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(TabFormatError, match=message) as caught:
        parse_xml(data, "song.xml")
    assert caught.value.message.startswith("song.xml: line ")


def test_whole_numbers() -> None:
    assert integer("-3", "x", low=-5, high=5) == -3
    for text in ("", "-", "1.0", "٣", "9" * 13):
        with pytest.raises(TabFormatError, match="here: must be a whole number"):
            integer(text, "here", low=0, high=5)
    with pytest.raises(TabFormatError, match="here: must be 0 to 5, not 6"):
        integer("6", "here", low=0, high=5)
