"""Elements of a GPIF document as Guitar Pro writes them: text in CDATA, a line for each element.

Knows nothing of music. Neighbours: ``gpif_writer``, ``gpif_track_writer`` and ``gpif_beats_writer``;
``xml_build`` builds documents that need no CDATA.
"""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from fretscribe.io.score_signs import one_line


def element(tag: str, *content: str, **attributes: object) -> str:
    """An element around finished content: text that needs no escape, or other elements.

    >>> element("Fret", "3"), element("Enable"), element("Item", id=0, name="<>")
    ('<Fret>3</Fret>', '<Enable />', '<Item id="0" name="&lt;&gt;" />')
    """
    start = tag + "".join(f" {name}={quoteattr(str(value))}" for name, value in attributes.items())
    if not any(content):
        return f"<{start} />"
    inside = "\n".join(content)
    return f"<{start}>\n{inside}\n</{tag}>" if inside.startswith("<") else f"<{start}>{inside}</{tag}>"


def text_element(tag: str, text: str = "") -> str:
    """An element around free text, on one line.

    >>> text_element("Title", "A & ]]>")
    '<Title><![CDATA[A & ]] >]]></Title>'
    """
    safe = one_line(text).replace("]]>", "]] >")  # readers of GPIF take one section of CDATA
    return f"<{tag}><![CDATA[{safe}]]></{tag}>"


def parameter(name: str, tag: str = "Enable", content: str = "") -> str:
    """A named property: of a staff, a beat or a note.

    >>> parameter("Fret", "Fret", "3").splitlines()
    ['<Property name="Fret">', '<Fret>3</Fret>', '</Property>']
    """
    return element("Property", element(tag, content), name=name)


def automation(kind: str, bar: int, position: str, value: str, *, visible: bool = True) -> str:
    """A value that changes at a place: tempo or sound."""
    return element(
        "Automation",
        element("Type", kind),
        element("Linear", "false"),
        element("Bar", str(bar)),
        element("Position", position),
        element("Visible", "true" if visible else "false"),
        value,
    )
