"""The first stage: problems without near-duplicates, answered several times, sorted by pass rate."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from full_scale.answering import Ledger
from full_scale.pipeline.answerers import answerer_of
from full_scale.pipeline.curation.card import card_text
from full_scale.pipeline.curation.duplicates import NearDuplicates
from full_scale.pipeline.curation.parts import PARTS, answer_part, split_into_parts
from full_scale.pipeline.curation.reading import problem_rows
from full_scale.pipeline.curation.selecting import select
from full_scale.pipeline.evaluation_sets import evaluation_examples
from full_scale.pipeline.stage import Stage, make
from vas_theory.foundation.command_line import require
from vas_theory.foundation.errors import DataError
from vas_theory.provenance.fingerprint import key_of
from vas_theory.provenance.tables import write_json

if TYPE_CHECKING:
    from full_scale.answering import Answerer
    from full_scale.pipeline.config import PipelineConfig

__all__ = ["curate"]

Report = Callable[[str], None]


def curate(config: PipelineConfig, stage: Stage, report: Report) -> None:
    """Write ``cold_start.parquet``, ``rl.parquet``, ``card.json`` and ``card.md``.

    Raises:
        DataError: the source cannot be used, nothing is left, or the model stopped answering.
    """
    with make(stage, lambda: key_of(curate).digest) as (work, target):
        if config.curate.workers or config.curate.scheduler:
            require("distributed", "cluster")
        read_before = (work / "problems" / PARTS).exists()
        counts = split_into_parts(
            problem_rows(config.problems),
            work / "problems",
            config.curate.part_rows,
            None if read_before else _index(config, report),
            report,
            by_rules=config.curate.types == "rules",
        )
        parts = len(counts["parts"])
        report(f"{sum(counts['parts']):,} of {counts['read']:,} problems in {parts} parts")
        answers = _answer(config, work, parts, report)
        selection = select(config.curate, work, parts, target)
        card = {
            "problems": counts,
            "answers": answers,
            "selection": selection,
            "settings": _settings(config),
            "paid": Ledger(**answers["ledger"]).text(),
        }
        write_json(target / "card.json", card)
        (target / "card.md").write_text(card_text(config.name, card), encoding="utf-8")
        for side, found in selection["kept"].items():
            report(f"{side}: {sum(found.values()):,} rows of {len(found)} types")
            if not found:
                raise DataError(f"no row is left for the {side}: bands {selection['bands']} (curate.easy, curate.hard)")


def _index(config: PipelineConfig, report: Report) -> NearDuplicates | None:
    """Return the index of near-duplicates with the evaluation sets in it."""
    settings = config.curate
    if settings.near_duplicates == 0:
        return None
    index = NearDuplicates(settings.near_duplicates, settings.permutations)
    for chosen in config.evaluate.sets:
        for example in evaluation_examples(chosen, config):
            index.near(example.question, example.images, f"evaluation {chosen.format} {example.index}")
    report(f"{len(index):,} questions of the evaluation sets are kept out")
    return index


def _settings(config: PipelineConfig) -> list[str]:
    answers, rules = config.answers, config.curate
    who = (
        f"the program for pictures, slips {answers.slip:g}" if answers.by == "solver" else f"the model {answers.model}"
    )
    return [
        f"types: those of the source, else by {rules.types}",
        f"problems: {config.problems.name}, answers checked by {config.problems.answer_check}",
        f"answered {answers.per_problem} times each by {who}",
        f"easy from a pass rate of {rules.easy:g}, hard up to {rules.hard:g}",
        f"cold start: {' and '.join(rules.cold_start_bands)} problems, up to {rules.chains_per_problem} right chains",
        f"reinforcement learning: {' and '.join(rules.rl_bands)} problems, "
        + (f"at most {rules.rl_problems:,}" if rules.rl_problems else "all of them")
        + (", evenly over types as far as they reach" if rules.uniform else ""),
        f"near-duplicates: Jaccard index of word triples from {rules.near_duplicates:g}, same numbers and pictures"
        if rules.near_duplicates
        else "near-duplicates were not looked for",
    ]


def _answer(config: PipelineConfig, work: Path, parts: int, report: Report) -> dict[str, Any]:
    """Answer all parts, here or on the workers of a dask cluster, and add up what they say."""
    counts: Counter[str] = Counter()
    ledger, done, started = Ledger(), 0, time.monotonic()
    before = len(list((work / "answered").glob("*.json")))  # which take no time now
    with _results(config, work, parts) as results:
        for result in results:
            counts.update(result["counts"])
            ledger += Ledger(**result["ledger"])
            done += 1
            left = (time.monotonic() - started) / max(1, done - before) * (parts - done)
            if done == parts or done % max(1, parts // 20) == 0:
                right = f"{counts['right']:,} of {counts['answers']:,} right"
                time_left = f", {left:,.0f} s left" if done > before else ", before"
                report(f"part {done} of {parts} answered, {right}{time_left}")
    short = counts["problems answered less often than asked for"]
    if short:
        report(f"{short:,} problems were answered less often than asked for; their pass rates are of fewer answers")
    return {"counts": dict(counts), "ledger": ledger.as_dict()}


@contextmanager
def _results(config: PipelineConfig, work: Path, parts: int) -> Iterator[Iterator[dict[str, Any]]]:
    settings = config.curate
    if not (settings.workers or settings.scheduler):
        answerer = answerer_of(config.answers)
        yield (answer_part(config, answerer, work, number, _silent) for number in range(parts))
        return
    from distributed import Client, LocalCluster

    cluster: Any = None
    if not settings.scheduler:
        cluster = LocalCluster(n_workers=settings.workers, threads_per_worker=1, dashboard_address=None)
    try:
        with Client(settings.scheduler or cluster) as client:
            yield _gathered(client, json.dumps(config.as_table()), str(work.resolve()), parts)
    finally:
        if cluster is not None:
            cluster.close()


def _gathered(client: Any, text: str, work: str, parts: int) -> Iterator[dict[str, Any]]:
    """Yield what the workers say of each part as it is done, and let the cluster forget it."""
    from distributed import as_completed

    for job in as_completed([client.submit(_answer_there, text, work, number, pure=False) for number in range(parts)]):
        yield job.result()
        job.release()


def _silent(_: str) -> None:
    """Say nothing: lines of several parts would mix."""


@cache
def _answerer_of(text: str) -> tuple[PipelineConfig, Answerer]:
    from full_scale.pipeline.config import PipelineConfig

    table = json.loads(text)
    table["train"].pop("knows", None)  # which answers do not depend on
    config = PipelineConfig.model_validate(table)
    return config, answerer_of(config.answers)


def _answer_there(text: str, work: str, number: int) -> dict[str, Any]:
    """Answer one part on a worker, which sees the same files; its model is loaded once."""
    config, answerer = _answerer_of(text)
    return answer_part(config, answerer, Path(work), number, _silent)
