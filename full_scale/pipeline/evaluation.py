"""The fourth stage: models answer the evaluation sets; accuracies with intervals, beside what the paper reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from full_scale.answering import Answerer, Endpoint, Journal, Ledger, collect
from full_scale.benchmarks.formats import OF_THE_PAPER
from full_scale.benchmarks.paper import SETS, TABLE_2, TABLE_3
from full_scale.benchmarks.scoring import score
from full_scale.benchmarks.sets import example_prompt
from full_scale.benchmarks.writing import Judged, write_lmms_eval, write_vlmevalkit
from full_scale.config.training import ModelConfig
from full_scale.pipeline.answerers import model_answerer
from full_scale.pipeline.evaluation_sets import evaluation_examples
from full_scale.pipeline.stage import Stage, make
from full_scale.tasks.prompt import Prompt
from vas_theory.foundation.intervals import bootstrap_draws, percentile_interval
from vas_theory.foundation.streams import stream
from vas_theory.provenance.fingerprint import key_of
from vas_theory.provenance.tables import write_json, write_table

if TYPE_CHECKING:
    import pandas as pd

    from full_scale.benchmarks.examples import Example
    from full_scale.pipeline.config import EvaluateConfig, PipelineConfig, SetConfig

__all__ = ["accuracy_rows", "evaluate", "judged_answers", "paper_rows"]

Report = Callable[[str], None]
JUDGE_QUESTION = (
    "Two answers to one question are given. Do they say the same? Put yes or no into \\boxed{{}}.\n\n"
    "Question: {question}\n\nReference answer: {reference}\n\nOther answer: {answer}"
)
AVERAGE = "average"


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
        asked = [_judged_prompt(examples[place], scores[place][number][0] or "", place, number) for place, number in unread]
        verdicts = dict(zip(unread, judge(asked), strict=True))
    return [
        Judged(
            example,
            tuple(group),
            tuple(answer for answer, _ in found),
            tuple(bool(right) or verdicts.get((place, number), False) for number, (_, right) in enumerate(found)),
            tuple("judge" if (place, number) in verdicts else "rules" for number in range(len(found))),
        )
        for place, (example, group, found) in enumerate(zip(examples, texts, scores, strict=True))
    ]


def _judged_prompt(example: Example, answer: str, place: int, number: int) -> Prompt:
    text = JUDGE_QUESTION.format(question=example.question, reference=example.answer, answer=answer)
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


def accuracy_rows(
    judged: dict[str, dict[str, list[Judged]]], *, coverage: float, resamples: int, seed: int
) -> list[dict[str, Any]]:
    """Return accuracies with bootstrap intervals over questions: of each model, set and subset, and over the sets.

    Args:
        judged: model -> set -> examples.
        coverage: of the intervals.
        resamples: of the bootstrap.
        seed: of the bootstrap.

    Returns:
        Rows of model, set, subset, questions, samples, value, low, high. The average weighs sets equally; its resamples
        are drawn within each set. Rows of the subset ``gain`` are differences to the model before, paired by question.
    """
    rows = []

    def add(model: str, name: str, subset: str, columns: Sequence[np.ndarray], samples: int) -> None:
        place = len(rows)
        draws = np.mean(
            [
                bootstrap_draws(
                    lambda drawn, values=values: values[drawn].mean(axis=-1),
                    (len(values),),
                    stream(seed, "evaluation bootstrap", place, number),
                    resamples,
                    at_once=100,
                )
                for number, values in enumerate(columns)
            ],
            axis=0,
        )
        low, high = percentile_interval(draws, coverage)
        value = float(np.mean([values.mean() for values in columns]))
        questions = sum(len(values) for values in columns)
        rows.append({"model": model, "set": name, "subset": subset, "questions": questions, "samples": samples, "value": value, "low": low, "high": high})

    before: dict[str, np.ndarray] | None = None
    for model, sets in judged.items():
        shares = {name: np.array([item.share for item in items]) for name, items in sets.items()}
        counts = {name: len(items[0].right) for name, items in sets.items()}
        for name, items in sets.items():
            add(model, name, "", [shares[name]], counts[name])
            groups = sorted({(column, value) for item in items for column, value in item.example.groups.items()})
            for column, value in groups:
                chosen = [item.share for item in items if item.example.groups.get(column) == value]
                if len(chosen) < len(items):
                    add(model, name, f"{column}: {value}", [np.array(chosen)], counts[name])
        if len(sets) > 1:
            add(model, AVERAGE, "", list(shares.values()), min(counts.values()))
        if before is not None:
            for name in shares:
                add(model, name, "gain", [shares[name] - before[name]], counts[name])
        before = shares
    return rows


def paper_rows(sets: Sequence[SetConfig]) -> list[dict[str, Any]]:
    """Return what the paper reports on the sets that are evaluated, in shares."""
    rows: list[dict[str, Any]] = []
    for chosen in sets:
        column = OF_THE_PAPER.get(chosen.format)
        if column is not None and chosen.source != "visual":
            place = SETS.index(column)
            rows += [{"model": f"{name} (paper)", "set": chosen.format, "value": row[place] / 100} for name, row in TABLE_2.items()]
    if {OF_THE_PAPER.get(chosen.format) for chosen in sets if chosen.source != "visual"} >= set(SETS):
        rows += [{"model": f"{name} (paper)", "set": AVERAGE, "value": row[-1] / 100} for name, row in TABLE_2.items()]
        rows += [{"model": f"3B, {stage} (paper)", "set": AVERAGE, "value": value / 100} for stage, value in TABLE_3.items()]
    return rows


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
                texts, paid = _answers(answerer, kind, examples, settings.samples, work / name / f"{kind}.jsonl", report)
                ledger += paid
                judge = _judge(settings, work / name / f"{kind}_judge.jsonl")
                judged[name][kind] = judged_answers(examples, texts, judge)
                unread = sum(right is None for example, group in zip(examples, texts, strict=True) for _, right in (score(example, text) for text in group))
                share = float(np.mean([item.share for item in judged[name][kind]]))
                report(f"{name}, {kind}: {share:.1%} of {len(examples)} questions" + (f", {unread} answers could not be read" if unread else ""))
            write_lmms_eval(target / "lmms-eval" / name, judged[name], _generation(settings), name)
            for kind, items in judged[name].items():
                write_vlmevalkit(target / "vlmevalkit" / name, kind, items, name)
        rows = accuracy_rows(judged, coverage=settings.coverage, resamples=settings.resamples, seed=settings.seed)
        _write(config, stage, target, rows, judged, ledger)


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
        return Endpoint(settings.url, model.name, style=settings.style, temperature=settings.temperature, max_new_tokens=settings.max_new_tokens)
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
    paper = paper_rows(config.evaluate.sets)
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
