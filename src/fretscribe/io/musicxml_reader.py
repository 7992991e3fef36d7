"""MusicXML (``.musicxml``, ``.xml`` and the zipped ``.mxl``) to a `Score`.

Part-wise and time-wise documents alike. Source: MusicXML 4.0 specification, W3C.
Neighbours: ``musicxml_part`` reads a part, ``musicxml_measure`` what parts share, ``xml_tree`` and
``archives`` open files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from xml.etree.ElementTree import Element

from fretscribe.errors import TabFormatError
from fretscribe.io.archives import ZIP_MAGIC, member_names, read_member
from fretscribe.io.musicxml_measure import MeasureFacts
from fretscribe.io.musicxml_part import PartReader
from fretscribe.io.score import MAX_BARS, MAX_BEATS, MAX_TRACKS, Score, ScoreBar, check_limits
from fretscribe.io.xml_tree import parse_xml, text_of

MAX_BYTES = 32_000_000
_CONTAINER = "META-INF/container.xml"


def parse_musicxml(data: bytes, name: str = "MusicXML") -> Score:
    """A score from the bytes of a MusicXML document, zipped or not.

    A part with strings and frets becomes a track with strings; others name pitches only.

    Parameters
    ----------
    data : bytes
        At most 32 MB.
    name : str
        What to call the file in messages.

    Raises
    ------
    TabFormatError
        If the bytes are no such document; the message names part, bar and string where known.
    """
    if len(data) > MAX_BYTES:
        raise TabFormatError(f"{name}: is {len(data)} bytes long, the limit is {MAX_BYTES}")
    if data.startswith(ZIP_MAGIC):
        data = read_member(data, _root_file(data, name), name)
    root = parse_xml(data, name)
    if root.tag not in ("score-partwise", "score-timewise"):
        raise TabFormatError(f"{name}: is no MusicXML score (its root is {root.tag[:40]!r})")
    left_out: Counter[str] = Counter()
    parts = _parts(root, name)
    n_bars = max(len(measures) for _, measures in parts)
    facts = [MeasureFacts(left_out) for _ in range(n_bars)]
    described = {p.get("id", ""): p for p in root.iterfind("part-list/score-part")}
    readers: list[PartReader] = []
    for i, (part_id, measures) in enumerate(parts):
        reader = PartReader.of(described.get(part_id), part_id, name, i, left_out)
        if readers:
            reader.divisions = readers[-1].divisions  # some files say it in their first part only
        for element, fact in zip(measures, facts, strict=False):
            reader.measure(element, fact)
        readers.append(reader)
        if sum(r.n_beats for r in readers) > MAX_BEATS:
            raise TabFormatError(f"{name}: has more than {MAX_BEATS} beats")
    return check_limits(
        Score(
            name=name,
            title=text_of(root, "work/work-title") or text_of(root, "movement-title"),
            artist=_composer(root),
            bars=tuple(_bars(facts, parts[0][1])),
            tracks=tuple(reader.track(n_bars) for reader in readers),
            left_out=left_out,
        )
    )


def _root_file(data: bytes, name: str) -> str:
    """The score's name inside a ``.mxl``: what its container file says, else the first document."""
    names = member_names(data, name)
    if _CONTAINER in names:
        container = parse_xml(read_member(data, _CONTAINER, name), f"{name}: {_CONTAINER}")
        for element in container.iter():
            path = element.get("full-path")
            if element.tag.rpartition("}")[2] == "rootfile" and path in names:
                return str(path)
    found = [n for n in names if n.lower().endswith((".xml", ".musicxml")) and not n.startswith("META-INF/")]
    if not found:
        raise TabFormatError(f"{name}: the archive holds no MusicXML document ({len(names)} other files)")
    return found[0]


def _parts(root: Element, name: str) -> list[tuple[str, list[Element]]]:
    """(id, measures) of every part, a time-wise document turned round."""
    if root.tag == "score-partwise":
        parts = [(p.get("id", ""), p.findall("measure")) for p in root.iterfind("part")]
    else:
        by_id: dict[str, list[Element]] = {}
        for i, measure in enumerate(root.iterfind("measure")):
            for part in measure.iterfind("part"):
                measures = by_id.setdefault(part.get("id", ""), [])
                if len(by_id) > MAX_TRACKS or i >= MAX_BARS:
                    raise TabFormatError(f"{name}: has more than {MAX_TRACKS} parts or {MAX_BARS} bars")
                measures.extend(Element("measure") for _ in range(i - len(measures)))
                part.attrib.update({k: v for k, v in measure.attrib.items() if k != "id"})
                measures.append(part)
        parts = list(by_id.items())
    if not parts or not any(measures for _, measures in parts):
        raise TabFormatError(f"{name}: has no parts with measures")
    if len(parts) > MAX_TRACKS or max(len(m) for _, m in parts) > MAX_BARS:
        raise TabFormatError(f"{name}: has more than {MAX_TRACKS} parts or {MAX_BARS} bars")
    return parts


def _composer(root: Element) -> str:
    for creator in root.iterfind("identification/creator"):
        if creator.get("type") in ("composer", "artist"):
            return (creator.text or "").strip()
    return ""


def _bars(facts: Sequence[MeasureFacts], measures: Sequence[Element]) -> list[ScoreBar]:
    bars: list[ScoreBar] = []
    metre, key = (4, 4), None
    endings: frozenset[int] = frozenset()
    for i, fact in enumerate(facts):
        metre, key = fact.metre or metre, fact.key or key
        written = Fraction(4 * metre[0], metre[1])
        implicit = i < len(measures) and measures[i].get("implicit") == "yes"
        short = fact.reached < written and (implicit or (i == 0 and len(facts) > 1))
        length = fact.reached if fact.reached and (short or fact.reached > written) else written
        endings = fact.endings_start or endings
        bars.append(
            ScoreBar(
                beats_per_bar=metre[0],
                beat_unit=metre[1],
                length=length,
                repeat_open=fact.repeat_open,
                repeat_close=fact.repeat_close,
                endings=endings,
                tempos=tuple(sorted(fact.tempos.items())),
                key=key,
                jumps=tuple(sorted(fact.jumps)),
            )
        )
        endings = frozenset() if fact.endings_stop else endings
    return bars
