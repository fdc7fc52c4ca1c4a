"""The data card of a curation: what was read, left out, answered and kept, in words and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["card_text"]


def _table(header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[str]:
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return [
        *lines,
        *(
            "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row) + " |"
            for row in rows
        ),
    ]


def _more(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return what else there is to say of the answers, where it happened."""
    names = ("cut", "right chains of another form", "problems answered less often than asked for")
    texts = {"cut": "answers cut at the token limit"}
    return [(texts.get(name, name), counts[name]) for name in names if counts.get(name)]


def card_text(name: str, card: Mapping[str, Any]) -> str:
    """Return a card as Markdown.

    Args:
        name: of the pipeline.
        card: what :func:`full_scale.pipeline.curation.stage.curate` counted.
    """
    read, bands = card["problems"], card["selection"]["bands"]
    kept = card["selection"]["kept"]
    left = sum(read["parts"])
    answers = card["answers"]
    lines = [
        f"# Data card of {name}",
        "",
        "## Counts by stage",
        "",
        *_table(
            ("stage", "rows"),
            [
                ("problems read", read["read"]),
                *((f"left out: {reason}", count) for reason, count in sorted(read["dropped"].items())),
                ("problems answered", left),
                ("answers", answers["counts"].get("answers", 0)),
                ("right answers", answers["counts"].get("right", 0)),
                *_more(answers["counts"]),
                *((f"{band} problems", count) for band, count in bands.items()),
                ("chains of the cold start", sum(kept["cold start"].values())),
                ("problems of reinforcement learning", sum(kept["reinforcement learning"].values())),
            ],
        ),
        "",
        "## By type",
        "",
        *_table(
            ("type", "easy", "medium", "hard", "cold start", "reinforcement learning"),
            [
                (
                    kind,
                    *(found.get(band, 0) for band in ("easy", "medium", "hard")),
                    *(kept[side].get(kind, 0) for side in ("cold start", "reinforcement learning")),
                )
                for kind, found in card["selection"]["bands by type"].items()
            ],
        ),
    ]
    for title, field in (("Sources", "sources"), ("Licences", "licences")):
        found = card["selection"][field]
        names = sorted({name for side in found.values() for name in side})
        lines += ["", f"## {title}", ""]
        sides = ("cold start", "reinforcement learning")
        lines += _table((field[:-1], *sides), [(name, *(found[side].get(name, 0) for side in sides)) for name in names])
    lines += ["", "## How", "", *(f"- {line}" for line in card["settings"])]
    lines += ["", "## What was paid", "", card["paid"], ""]
    if read["examples"]:
        lines += ["## Rows that could not be used, such as", "", *(f"- {line}" for line in read["examples"]), ""]
    return "\n".join(lines)
