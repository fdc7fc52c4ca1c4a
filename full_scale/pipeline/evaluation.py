"""The fourth stage: models answer the evaluation sets; accuracies with intervals, beside what the paper reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from full_scale.answering import Answerer, Endpoint, Journal, Ledger, collect, model_answerer
from full_scale.benchmarks.accuracies import accuracy_rows, paper_rows, seed_rows
from full_scale.benchmarks.scoring import score
from full_scale.benchmarks.sets import example_prompt
from full_scale.benchmarks.writing import Judged, write_lmms_eval, write_vlmevalkit
from full_scale.config.training import ModelConfig
from full_scale.pipeline.evaluation_sets import VISUAL, evaluation_examples
from full_scale.pipeline.stage import Stage, make
from full_scale.tasks.prompt import Prompt
from vas_theory.provenance.fingerprint import key_of
from vas_theory.provenance.tables import write_json, write_table

if TYPE_CHECKING:
    import pandas as pd

    from full_scale.benchmarks.examples import Example
    from full_scale.pipeline.config import EvaluateConfig, PipelineConfig

__all__ = ["evaluate", "judged_answers"]

Report = Callable[[str], None]
JUDGE_QUESTION = (
    "Two answers to one question are given. Do they say the same? Put yes or no into \\boxed{{}}.\n\n"
    "Question: {question}\n\nReference answer: {reference}\n\nOther answer: {answer}"
)
UNREAD = "unread"


def judged_answers(
    examples: Sequence[Example], texts: Sequence[Sequence[str]], judge: Callable[[list[Prompt]], list[bool]] | None
) -> list[Judged]:
    """Score completions by the rules, and by a judge what the rules cannot read.

    Args:
        examples: of one set.
        texts: completions of each.
        judge: says of each question whether the answers in it agree; without one what cannot be read is wrong.
    """
    scores = [[score(example, text) for text in group] for example, group in zip(examples, texts, strict=True)]
    unread = [
        (place, number)
        for place, group in enumerate(scores)
        for number, (answer, right) in enumerate(group)
        if answer is not None and right is None
    ]
    verdicts: dict[tuple[int, int], bool] = {}
    if judge is not None and unread:
        asked = [
            _judged_prompt(examples[place], scores[place][number][0] or "", place, number) for place, number in unread
        ]
        verdicts = dict(zip(unread, judge(asked), strict=True))
    return [
        Judged(
            example,
            tuple(group),
            tuple(answer for answer, _ in found),
            tuple(bool(right) or verdicts.get((place, number), False) for number, (_, right) in enumerate(found)),
            tuple(_by(answer, right, (place, number) in verdicts) for number, (answer, right) in enumerate(found)),
        )
        for place, (example, group, found) in enumerate(zip(examples, texts, scores, strict=True))
    ]


def _by(answer: str | None, right: bool | None, judged: bool) -> str:
    """Say who decided: the rules, the judge, or nobody, as the answer is one that the rules cannot read."""
    if judged:
        return "judge"
    return UNREAD if answer is not None and right is None else "rules"


def _judged_prompt(example: Example, answer: str, place: int, number: int) -> Prompt:
    # a question that stands in the picture alone comes in words for whoever judges without seeing it
    question = str(example.row.get("question_for_eval") or example.question)
    text = JUDGE_QUESTION.format(question=question, reference=example.answer, answer=answer)
    return Prompt(f"judge/{place}/{number}", text, "yes", question=text.replace("<image>", ""), check="exact_match")


def _judge(config: EvaluateConfig, path: Path) -> Callable[[list[Prompt]], list[bool]] | None:
    if not config.judge:
        return None
    answerer = Endpoint(config.judge_url, config.judge, style="evaluation", temperature=0.0, max_new_tokens=512)

    def ask(prompts: list[Prompt]) -> list[bool]:
        with Journal(path, answerer.settings) as journal:
            found = collect(answerer, prompts, 1, journal)
        return [found[prompt.key].successes > 0 for prompt in prompts]

    return ask


def evaluate(config: PipelineConfig, stage: Stage, models: dict[str, ModelConfig], report: Report) -> None:
    """Let every model answer every set and write tables, answers and the harnesses' files.

    Args:
        config: of the pipeline.
        stage: the fourth.
        models: name -> where it is, each trained from the one before.
        report: called with each line of progress.
    """
    settings = config.evaluate
    with make(stage, lambda: key_of(evaluate).digest) as (work, target):
        judged: dict[str, dict[str, list[Judged]]] = {}
        ledger = Ledger()
        sets = {chosen.format: evaluation_examples(chosen, config) for chosen in settings.sets}
        for name, model in models.items():
            answerer: Answerer | None = None
            judged[name] = {}
            for kind, examples in sets.items():
                answerer = answerer or _answerer(config, model)
                texts, paid = _answers(
                    answerer, kind, examples, settings.samples, work / name / f"{kind}.jsonl", report
                )
                ledger += paid
                judge = _judge(settings, work / name / f"{kind}_judge.jsonl")
                judged[name][kind] = judged_answers(examples, texts, judge)
                report(f"{name}, {kind}: {_summary(judged[name][kind])}")
            write_lmms_eval(target / "lmms-eval" / name, judged[name], _generation(settings), name)
            for kind, items in judged[name].items():
                write_vlmevalkit(target / "vlmevalkit" / name, kind, items, name)
        intervals: dict[str, Any] = {
            "coverage": settings.coverage,
            "resamples": settings.resamples,
            "seed": settings.seed,
        }
        rows = accuracy_rows(judged, _compared(list(models)), **intervals)
        rows += seed_rows(rows, settings.coverage)
        _write(config, stage, target, rows, judged, ledger)


def _summary(items: Sequence[Judged]) -> str:
    unread = sum(by == UNREAD for item in items for by in item.by)
    share = float(np.mean([item.share for item in items]))
    more = f", {unread} answers could not be read and count as wrong" if unread else ""
    return f"{share:.1%} right over {len(items)} questions{more}"


def _compared(models: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs of models whose difference is told: each trained one against the stages before it."""
    before = [name for name in ("start", "cold-start") if name in models]
    trained = [name for name in models if name not in before]
    pairs = [("cold-start", "start")] if len(before) == 2 else []
    pairs += [(name, before[-1]) for name in trained if before]
    for name in trained:  # the first arm of the same seed is what the others are held against
        first = next(other for other in trained if other.rpartition("-seed")[2] == name.rpartition("-seed")[2])
        if first != name:
            pairs.append((name, first))
    return pairs


def _generation(settings: EvaluateConfig) -> dict[str, Any]:
    return {
        "temperature": settings.temperature,
        "max_new_tokens": settings.max_new_tokens,
        "n": settings.samples,
        "style": settings.style,
    }


def _answerer(config: PipelineConfig, model: ModelConfig) -> Answerer:
    settings = config.evaluate
    if settings.by == "endpoint":
        return Endpoint(
            settings.url,
            model.name,
            style=settings.style,
            temperature=settings.temperature,
            max_new_tokens=settings.max_new_tokens,
        )
    return model_answerer(
        model,
        style=settings.style,
        temperature=settings.temperature,
        max_new_tokens=settings.max_new_tokens,
        seed=settings.seed,
        rows_at_once=settings.rows_at_once,
        min_pixels=config.cold_start.min_image_pixels,
        max_pixels=config.cold_start.max_image_pixels,
    )


def _answers(
    answerer: Answerer, kind: str, examples: Sequence[Example], samples: int, path: Path, report: Report
) -> tuple[list[tuple[str, ...]], Ledger]:
    prompts = [example_prompt(kind, example) for example in examples]
    with Journal(path, answerer.settings, keep_texts=True) as journal:
        found = collect(answerer, prompts, samples, journal)
        ledger = journal.ledger
    short = sum(found[prompt.key].trials < samples for prompt in prompts)
    if short:
        report(f"{kind}: {short} questions have fewer than {samples} answers; what is missing counts as wrong")
    return [(*found[p.key].texts, *[""] * (samples - found[p.key].trials)) for p in prompts], ledger


def _write(
    config: PipelineConfig, stage: Stage, target: Path, rows: list[dict[str, Any]],
    judged: dict[str, dict[str, list[Judged]]], ledger: Ledger,
) -> None:  # fmt: skip
    import pandas as pd

    about: dict[str, Any] = {"config": stage.identity, "seed": config.evaluate.seed, "key": key_of(evaluate)}
    write_table(pd.DataFrame(rows), target / "accuracies.parquet", **about)
    write_table(_answer_table(judged), target / "answers.parquet", **about)
    paper = paper_rows([c.format for c in config.evaluate.sets if c.source != VISUAL and not c.limit])
    write_json(target / "paper.json", paper)
    write_json(target / "ledger.json", ledger.as_dict())


def _answer_table(judged: dict[str, dict[str, list[Judged]]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "model": model,
                "set": name,
                "index": item.example.index,
                "sample": number,
                "text": text,
                "answer": item.answers[number],
                "reference": item.example.answer,
                "right": item.right[number],
                "by": item.by[number],
            }
            for model, sets in judged.items()
            for name, items in sets.items()
            for item in items
            for number, text in enumerate(item.texts)
        ]
    )
