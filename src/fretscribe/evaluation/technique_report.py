"""The report of how right the marks of techniques are; ``techniques`` and ``contours`` count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fretscribe.evaluation.contours import BENT_CENTS, SHAKEN_CENTS, ContourRow
from fretscribe.evaluation.techniques import (
    GIVEN,
    HEARD,
    MEASURED,
    TARGET_PRECISION,
    TARGET_RECALL,
    MarkCounts,
    StudyRow,
    pooled,
)
from fretscribe.music import Technique

_HEAD = ("technique", "played", "marked", "right", "precision", "recall")
_CONTOUR_HEAD = (
    "track", "notes", "bent", "bend marks", "right", "vibrato", "vibrato marks", "right", "not judged",
)  # fmt: skip


def techniques_markdown(
    rows: Sequence[StudyRow], contours: Sequence[ContourRow], *, weights: str, command: str
) -> str:
    """The report: all studies, each instrument, then the development recordings.

    Parameters
    ----------
    rows : sequence of StudyRow
    contours : sequence of ContourRow
    weights : str
        Name and checksum of the networks, for the report.
    command : str
        What makes the report again.
    """
    heard = [row for row in rows if row.heard == HEARD]
    given = [row for row in rows if row.heard == GIVEN]
    lines = ["# Techniques", ""]
    lines += [
        "Studies of technique (`datasets/idioms/studies.py`): every technique stands among plain notes that",
        "sound like it, played by random guitars and by the held-out instruments; nothing was fitted on it.",
        "A mark is right if its note stands for a played one that has the technique: onset within 50 ms and",
        "right pitch; a bent note may be heard at any pitch that it passes, a slide until it has arrived.",
        "Recall is of all that was played, notes that nobody heard included.",
        "",
        "Sampled guitars slur by recorded strokes whose beginning is cut off, and play no harmonics: such",
        "notes of theirs do not count, marks on others do. Dead notes are counted a stroke, whatever its",
        "strings, which are not heard; they are written only with --dead-notes, as here.",
        "",
        "```", command, "```", "", f"- weights: {weights}",
        f"- {len(heard)} studies of 20 s",
    ]  # fmt: skip
    counts = pooled(heard)
    lines += ["", "## From heard notes", "", *_table(counts, verdict=True)]
    lines += ["", "What was really played at wrong marks (the commonest four):", ""]
    wrong = sum((row.wrong for row in heard), Counter[tuple[Technique, str]]())
    lines += [f"- {_told(name)}: {told}" for name in MEASURED if (told := _wrong(wrong, name))]
    lines += ["", "## Given the true notes", "", *_table(pooled(given), verdict=False)]
    lines += ["", "## From heard notes, by instrument", "", *_instruments(heard)]
    lines += ["", "## Development recordings", "", *_contours(contours)]
    return "\n".join(lines) + "\n"


def _table(counts: dict[Technique, MarkCounts], *, verdict: bool) -> list[str]:
    target = f"{TARGET_PRECISION:.2f} / {TARGET_RECALL:.2f}"
    head = [*_HEAD, target] if verdict else [*_HEAD]
    lines = [_line(head), _line(["---"] + ["--:"] * (len(head) - 1))]
    for name in MEASURED:
        one = counts[name]
        cells = [_told(name), str(one.played), str(one.marked), str(one.right)]
        cells += [_share(one.precision), _share(one.recall)]
        lines.append(_line([*cells, _verdict(one)] if verdict else cells))
    return lines


def _verdict(one: MarkCounts) -> str:
    if one.precision is None or one.recall is None:
        return "not reached"
    reached = one.precision >= TARGET_PRECISION and one.recall >= TARGET_RECALL
    return "reached" if reached else "not reached"


def _instruments(rows: Sequence[StudyRow]) -> list[str]:
    names = list(dict.fromkeys(row.instrument for row in rows))
    lines = ["played / marked / right", "", _line(["instrument", *map(_told, MEASURED)])]
    lines.append(_line(["---"] + ["--:"] * len(MEASURED)))
    for name in names:
        counts = pooled([row for row in rows if row.instrument == name])
        cells = [f"{counts[t].played} / {counts[t].marked} / {counts[t].right}" for t in MEASURED]
        lines.append(_line([name, *cells]))
    return lines


def _wrong(wrong: Counter[tuple[Technique, str]], name: Technique) -> str:
    found = Counter({told: n for (technique, told), n in wrong.items() if technique == name})
    return ", ".join(f"{n} {told.replace('_', ' ')}" for told, n in found.most_common(4))


def _contours(rows: Sequence[ContourRow]) -> list[str]:
    n_notes = sum(row.n_notes for row in rows)
    wrong = sum(one.marked - one.right for row in rows for one in (row.bend, row.vibrato))
    others = sum(sum(row.others.values()) for row in rows)
    lines = [
        "Annotated pitch contours, without their first 30 ms and last 120 ms, by the same measures as heard",
        f"ones: bent where the smoothed contour reaches {BENT_CENTS:.0f} cents, vibrato where it shakes by "
        f"{SHAKEN_CENTS:.0f}.",
        "A mark is right where the contour agrees; one too short to tell judges none.",
        "Hammer-ons, slides and the like are not annotated: their marks are only counted.",
        "",
        f"Wrong bends and vibrato: {wrong} on {n_notes} notes ({100 * wrong / max(1, n_notes):.1f} %). "
        f"Other marks: {others}, true ones among them.",
        "",
        _line([*_CONTOUR_HEAD, "other marks"]),
        _line(["---"] + ["--:"] * (len(_CONTOUR_HEAD) - 1) + ["---"]),
    ]
    for row in rows:
        cells = [str(n) for n in (row.n_notes, row.bend.played, row.bend.marked, row.bend.right)]
        cells += [str(n) for n in (row.vibrato.played, row.vibrato.marked, row.vibrato.right, row.untold)]
        told = ", ".join(f"{n} {_told(name)}" for name, n in sorted(row.others.items()))
        lines.append(_line([row.track_id, *cells, told or "none"]))
    return lines


def _told(name: str) -> str:
    return name.replace("_", " ")


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.2f}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
