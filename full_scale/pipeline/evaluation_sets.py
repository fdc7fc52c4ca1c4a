"""The evaluation sets of a pipeline: files, hub data sets, or held-out procedural pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from full_scale.benchmarks.examples import Example
from full_scale.benchmarks.sets import load_set
from full_scale.pipeline.curation.reading import stream_rows
from full_scale.visual.puzzles import Puzzle, puzzles

if TYPE_CHECKING:
    from full_scale.pipeline.config import PipelineConfig
    from full_scale.pipeline.settings import SetConfig

__all__ = ["VISUAL", "evaluation_examples", "picture_row"]

VISUAL = "visual"
HELD_OUT_SEED = 1_000_003
"""Added to the problems' seed for the pictures that are never trained on."""


def picture_row(puzzle: Puzzle) -> dict[str, Any]:
    """Return a question about a picture as a row of MathVista's columns."""
    number = puzzle.answer.isdigit()
    return {
        "pid": puzzle.key,
        "question": puzzle.question.replace("<image>", ""),
        "query": puzzle.question.replace("<image>", ""),
        "decoded_image": {"bytes": puzzle.image, "path": None},
        "choices": None,
        "unit": None,
        "precision": None,
        "answer": puzzle.answer,
        "question_type": "free_form",
        "answer_type": "integer" if number else "text",
        "metadata": {"kind": puzzle.kind, "level": puzzle.level},
    }


def evaluation_examples(chosen: SetConfig, config: PipelineConfig) -> list[Example]:
    """Return the examples of one evaluation set.

    Raises:
        DataError: the source cannot be read.
        ArgumentError: pictures are asked for without problems that are pictures.
    """

    def rows(source: str, split: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        if source != VISUAL:
            yield from stream_rows(source, split)
            return
        problems = config.problems
        assert problems.name == "visual"
        held_out = puzzles(problems.kinds, config.evaluate.visual_problems, problems.seed + HELD_OUT_SEED)
        for number, puzzle in enumerate(held_out):
            yield f"pictures, row {number}", picture_row(puzzle)

    return load_set(chosen.format, chosen.source, chosen.split, rows, chosen.limit)
