"""Problems in parts of a few hundred: without near-duplicates, then answered; each part is written whole or not at all.

Parts are what several machines share out among themselves, and bound the memory of each.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from full_scale.answering import Journal, collect
from full_scale.pipeline.curation.duplicates import NearDuplicates
from full_scale.pipeline.curation.reading import BadRowError
from full_scale.pipeline.curation.types import TYPE_QUESTION, read_type, type_by_rules
from full_scale.rewards.shape import follows_format
from full_scale.tasks.prompt import Prompt
from vas_theory.foundation.errors import DataError
from vas_theory.provenance.tables import atomic_path, write_json

if TYPE_CHECKING:
    from full_scale.answering import Answerer
    from full_scale.pipeline.config import PipelineConfig

__all__ = [
    "PARTS",
    "answer_part",
    "answered_schema",
    "part_name",
    "problem_schema",
    "prompts_of",
    "read_part",
    "split_into_parts",
    "write_rows",
]

PARTS = "parts.json"
_SHOWN = 5
_FIELDS = ("key", "problem", "answer", "type", "source", "licence")


def problem_schema() -> Any:
    """Return the columns of a part: those of MMR1's data, and where a problem comes from."""
    import pyarrow as pa

    images = pa.list_(pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
    return pa.schema([*((name, pa.string()) for name in _FIELDS), ("images", images)])


def part_name(number: int) -> str:
    """Return the name of a part without its ending."""
    return f"part-{number:06d}"


def write_rows(path: Path, rows: Iterable[dict[str, Any]], schema: Any, at_once: int = 256) -> int:
    """Write rows to a parquet file, whole or not at all, holding ``at_once`` of them; return how many there were."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    count = 0
    with atomic_path(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for batch in _batched(rows, at_once):
            writer.write_table(pa.Table.from_pylist(batch, schema=schema))
            count += len(batch)
    return count


def _batched(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rows = iter(rows)
    while batch := list(itertools.islice(rows, size)):
        yield batch


def read_part(path: Path, columns: list[str] | None = None) -> list[dict[str, Any]]:
    """Return the rows of a part."""
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = pq.read_table(path, columns=columns).to_pylist()
    return rows


def split_into_parts(
    rows: Iterable[dict[str, Any] | BadRowError],
    folder: Path,
    size: int,
    duplicates: NearDuplicates | None,
    report: Callable[[str], None],
    *,
    by_rules: bool = True,
) -> dict[str, Any]:
    """Write the problems that can be used and are near no earlier one, in parts, and return what became of each row.

    Args:
        rows: as :func:`full_scale.pipeline.curation.reading.problem_rows` yields them.
        folder: where the parts go; a complete one holds :data:`PARTS` with the return value.
        size: problems of a part.
        duplicates: index that the evaluation sets were added to; ``None`` keeps near-duplicates, except equal rows.
        report: called with a line now and then.
        by_rules: name the types that the source does not name.

    Raises:
        DataError: no row is left.
    """
    done = folder / PARTS
    if done.exists():
        return _account(done)
    read, dropped, examples = 0, Counter[str](), list[str]()
    seen: set[str] = set()

    def kept() -> Iterator[dict[str, Any]]:
        nonlocal read
        for row in rows:
            read += 1
            if read % 10_000 == 0:
                report(f"{read:,} problems read, {sum(dropped.values()):,} left out")
            if isinstance(row, BadRowError):
                dropped[row.reason] += 1
                if len(examples) < _SHOWN:
                    examples.append(str(row))
                continue
            if row["key"] in seen:
                dropped["repeats an earlier problem"] += 1
                continue
            if duplicates is not None:
                near = duplicates.near(row["problem"], [image["bytes"] for image in row["images"]], row["key"])
                if near is not None:
                    evaluated = near.startswith("evaluation ")
                    dropped["near an evaluation set" if evaluated else "near an earlier problem"] += 1
                    continue
            seen.add(row["key"])
            if by_rules:
                row["type"] = row["type"] or type_by_rules(row["problem"])
            yield row

    parts = [
        write_rows(folder / f"{part_name(number)}.parquet", batch, problem_schema())
        for number, batch in enumerate(_batched(kept(), size))
    ]
    if not parts:
        raise DataError(f"no problem of {read} can be used: {dict(dropped) or 'the source is empty'}")
    counts = {"read": read, "dropped": dict(dropped), "examples": examples, "parts": parts}
    write_json(done, counts)
    return counts


def prompts_of(rows: Iterable[dict[str, Any]], check: str) -> list[Prompt]:
    """Return the rows of a part as prompts."""
    return [
        Prompt(
            row["key"],
            f"Question: {row['problem']}\nAnswer:",
            row["answer"],
            question=row["problem"],
            check=check,
            stratum=row["type"],
            images=_images(row),
        )
        for row in rows
    ]


def answered_schema() -> Any:
    """Return the columns of an answered part."""
    import pyarrow as pa

    more = [("answers", pa.int64()), ("right", pa.int64()), ("cut", pa.int64()), ("pass_rate", pa.float64())]
    return pa.schema([*problem_schema(), *more, ("chains", pa.list_(pa.string()))])


def _type_by_model(rows: list[dict[str, Any]], answerer: Answerer, path: Path) -> None:
    """Fill in the type of the rows that have none, by one answer each."""
    prompts = [
        Prompt(row["key"], "", "", question=TYPE_QUESTION + row["problem"], images=_images(row))
        for row in rows
        if not row["type"]
    ]
    with Journal(path, answerer.settings, keep_texts=True) as journal:
        answers = collect(answerer, prompts, 1, journal) if prompts else {}
    for row in rows:
        if not row["type"]:
            row["type"] = read_type("".join(answers[row["key"]].texts))


def _images(row: dict[str, Any]) -> tuple[bytes, ...]:
    return tuple(image["bytes"] for image in row["images"])


def answer_part(
    config: PipelineConfig, answerer: Answerer, folder: Path, number: int, report: Callable[[str], None]
) -> dict[str, Any]:
    """Answer the problems of a part, verify the answers, and write the part with pass rates and verified chains.

    What was answered before a kill is in the part's journal and is not asked again.

    Returns:
        Counts of answers, of problems that were answered less often than asked for, and the ledger.
    """
    target, account = (
        folder / "answered" / f"{part_name(number)}.parquet",
        folder / "answered" / f"{part_name(number)}.json",
    )
    if account.exists():
        return _account(account)
    rows = read_part(folder / "problems" / f"{part_name(number)}.parquet")
    prompts = prompts_of(rows, config.problems.answer_check)
    wanted = config.answers.per_problem
    with Journal(folder / "journals" / f"{part_name(number)}.jsonl", answerer.settings, keep_texts=True) as journal:
        answers = collect(answerer, prompts, wanted, journal, report)
        ledger = journal.ledger
        if config.curate.types == "model":
            _type_by_model(rows, answerer, folder / "journals" / f"{part_name(number)}-types.jsonl")
    counts: Counter[str] = Counter()
    for row in rows:
        found_answers = answers[row["key"]]
        chains = [text for text, value in zip(found_answers.texts, found_answers.values, strict=True) if value >= 1]
        if config.answers.style == "reasoning":
            shaped = [text for text in chains if follows_format(text)]
            counts["right chains of another form"] += len(chains) - len(shaped)
            chains = shaped
        trials = found_answers.trials
        row |= {"answers": trials, "right": found_answers.successes, "cut": found_answers.cut}
        row |= {"pass_rate": found_answers.successes / trials if trials else None}
        row["chains"] = list(dict.fromkeys(chains))[: config.curate.chains_per_problem]
        counts["answers"] += trials
        counts["right"] += found_answers.successes
        counts["cut"] += found_answers.cut
        counts["problems answered less often than asked for"] += trials < wanted
    write_rows(target, rows, answered_schema())
    result = {"counts": dict(counts), "ledger": ledger.as_dict()}
    write_json(account, result)
    return result


def _account(path: Path) -> dict[str, Any]:
    """Return what a finished part left behind.

    Raises:
        DataError: the file is damaged.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read ({error}); remove it, and its part is made again") from None
    if not isinstance(found, dict):
        raise DataError(f"{path} is no account of a part; remove it, and its part is made again")
    return found
