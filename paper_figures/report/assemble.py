"""Put ledger, figures, predictions and limits into one HTML text without any external reference."""

from __future__ import annotations

import base64
import csv
import io
import math
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paper_figures.drawing.declaration import Figure, Label, output_folder
from paper_figures.figures import get_figures
from paper_figures.laboratory import CHALLENGE, RANKING, REGIMES, sampler_record, world_gains, world_rows
from paper_figures.networks import AGREEMENT, NETWORKS, clear_sign, described, leading
from paper_figures.report.challenges import challenge_lines
from paper_figures.report.maths import font_face, formula, text_with_formulas
from paper_figures.report.network_tables import mean_points
from paper_figures.report.networks import answers, in_summary
from paper_figures.report.results import (
    TRAINING,
    Counts,
    Job,
    claim_counts,
    prediction_counts,
    read_claims,
    read_predictions,
)
from vas_theory.foundation.command_line import require
from vas_theory.foundation.errors import DataError
from vas_theory.provenance.tables import read_metadata, read_table, sha256_file

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["embedded", "report"]

_SECTIONS = {
    Label.PROVED: "What is proved",
    Label.SIMULATED: "What bandits and small networks show",
    Label.MEASURED: "What was measured",
}

_SHOWN_ROWS = 24
"""Rows of a table of numbers that the report shows; the CSV file has all of them."""


def number(value: object, digits: int = 3) -> str:
    """Return a number for a table cell; what is not known is a dash."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if math.isnan(value):
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.{digits}g}"


def interval(low: object, high: object) -> str:
    """Return ``[low, high]``, or a dash where there is no interval."""
    left, right = number(low), number(high)
    return "–" if left == right == "–" else f"[{left}, {right}]"


def signed(value: float) -> str:
    """Return a gain in points with its sign: one decimal, two where one would leave nothing of it."""
    points = 100 * value
    digits = 1 if abs(points) >= 0.05 else 2
    return f"{round(points, digits) + 0.0:+.{digits}f}".replace("-", "−")


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 0.05:
        return "< 0.1 s"
    return f"{seconds / 60:.1f} min" if seconds >= 60 else f"{seconds:.1f} s"


_QUALITY = 40
"""Of an embedded image, of 100: thin lines and letters stay sharp at 1,000 pixels, and the page stays below 3 MB."""
_SHRINK = 2 / 3
"""Of an embedded image's sides: 1,000 pixels for a slide of two panels, as wide as the page."""


def embedded(path: Path) -> str:
    """Return an image as an address that holds it, smaller than the file in sides and bytes."""
    module: Any = require("PIL.Image", "figures")
    image = module.open(path).convert("RGB")
    image = image.resize([max(1, round(_SHRINK * side)) for side in image.size], module.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, format="avif", quality=_QUALITY, speed=8, max_threads=1)  # one thread: equal bytes every time
    return "data:image/avif;base64," + base64.b64encode(stream.getvalue()).decode()


def _claims(root: Path, preset: str) -> list[dict[str, Any]]:
    from vas_theory.claims import all_claims

    known = all_claims()
    return [
        {**row, "statement": formula(known[row["id"]].statement) if row["id"] in known else ""}
        for row in read_claims(root, preset)
    ]


def _figure_entry(figure: Figure, root: Path, preset: str) -> dict[str, Any]:
    folder = output_folder(root, preset)
    with open(folder / f"{figure.name}.csv", encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    label, headline, caption = (folder / f"{figure.name}.txt").read_text(encoding="utf-8").strip().split("\n\n")
    size = {medium: _pixels(folder / f"{figure.name}.{medium}.png") for medium in ("slide", "column")}
    return {
        "name": figure.name,
        "title": figure.title,
        "label": label,
        "headline": text_with_formulas(headline),
        "caption": text_with_formulas(caption),
        "images": {medium: embedded(folder / f"{figure.name}.{medium}.png") for medium in size},
        "size": size,
        "header": header,
        "rows": rows[:_SHOWN_ROWS],
        "left_out": max(0, len(rows) - _SHOWN_ROWS),
    }


def _sections(root: Path, preset: str) -> list[dict[str, Any]]:
    """Return the figures by the kind of their evidence, in the report's order."""
    figures = [(figure.label, _figure_entry(figure, root, preset)) for figure in get_figures()]
    sections = [
        {"name": str(label), "title": title, "figures": [entry for kind, entry in figures if kind is label]}
        for label, title in _SECTIONS.items()
    ]
    return [section for section in sections if section["figures"]]


def _pixels(path: Path) -> tuple[int, int]:
    """Return width and height from a PNG's header, so that the page reserves the room before it draws."""
    header = path.read_bytes()[16:24]
    return int.from_bytes(header[:4], "big"), int.from_bytes(header[4:], "big")


def _names(predictions: Iterable[dict[str, Any]]) -> list[str]:
    """Return the ids of predictions about the pool, and in one item the prompts that were predicted singly."""
    records = list(predictions)
    names = [str(record["id"]) for record in records if not record["prompt_key"]]
    prompts = [str(record["prompt_key"]) for record in records if record["prompt_key"]]
    return names + ([f"the gradient norms of {', '.join(prompts)}"] if prompts else [])


def _limits(claims: list[dict[str, Any]], predictions: list[dict[str, Any]], study: dict[str, Any]) -> list[str]:
    """Return the limits; those that depend on results are read from the results."""
    refuted = [row["id"] for row in claims if row["verdict"] == "refuted"]
    weaker = [row["id"] for row in claims if row["verdict"] in ("sampled-only", "not-confirmed")]
    by_verdict = {
        verdict: _names(record for record in predictions if record["verdict"] == verdict)
        for verdict in ("failed", "uninformative")
    }
    computed = [
        (
            refuted,
            "The ledger refutes these statements as they were written, each by an exact counterexample or by rigorous "
            "interval bounds: {}.",
        ),
        (weaker, "These claims rest on sampling or are not confirmed, and are not proved: {}."),
        (by_verdict["failed"], "These predictions of the theory failed on the real model: {}."),
        (by_verdict["uninformative"], "These measurements were too noisy to tell: {}."),
    ]
    return [
        "A large gradient is not yet progress: the lower bound says that reward variance implies gradient, not that "
        "sampling by it trains better. Sampling by variance also changes the objective, since easy and hopeless "
        "prompts are visited less.",
        "Rollouts for scoring prompts are charged, but for the figures' and tables' rows that say that pass rates or "
        "scoring are free. Where scoring costs more than it saves, or where pass rates hardly differ between prompts, "
        "variance-aware sampling cannot win.",
        "The bandit worlds of the tournament are pools of bandit prompts, not language models. The small networks are "
        "small transformers on synthetic tasks.",
        f"One model ({study['model']['name']}), one task ({study['task']['name']}), runs of "
        f"{study['training']['steps']} steps. Few seeds show what happened; they cannot rank two arms that lie close "
        "together, and a small model on a short task need not behave as a large one on a long task does.",
        *(text.format(", ".join(ids)) for ids, text in computed if ids),
    ]


def _tile(counts: Counts, stand: str) -> str:
    parts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.verdicts.items()))
    return f"{counts.standing} of {counts.total} {stand}: {parts}"


def _largest_rates(summary: pd.DataFrame) -> str:
    """Say how often tuning chose the largest learning rate that it was offered, which limits what it shows."""
    row = summary.iloc[0]
    return f"{row['highest_choices']:.0f} of {row['choices']:.0f}"


def _worst_first(gains: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the worlds, those first in which this project's sampler loses most."""
    return sorted(world_rows(gains), key=lambda row: row["vas"]["gain"] if row["vas"] else 0.0)


def _least(rows: list[dict[str, Any]]) -> float:
    """Return the smallest gain of this project's sampler."""
    return min((row["vas"]["gain"] for row in rows if row["vas"]), default=0.0)


def _small_losers(ranking: pd.DataFrame) -> list[str]:
    """Return what arms of the short table learn that learn less than uniform sampling in networks, the worst first."""
    rows = leading(ranking)
    losers = rows[rows["learning_high"] < 1].sort_values("learning")
    return [
        f"{row['arm']} {row['learning']:.2f} times as much (95% interval {row['learning_low']:.2f} to "
        f"{row['learning_high']:.2f})"
        for _, row in losers.iterrows()
    ]


def _leaders(ranking: pd.DataFrame) -> list[dict[str, str]]:
    """Return the summary's table: what arms learn in networks relative to uniform sampling, best first."""
    prices = mean_points(ranking)["pass_at_32_difference"]
    return [
        {
            "arm": described(row["arm"]).replace("`", ""),
            "learning": f"{row['learning']:.2f}",
            "interval": f"{row['learning_low']:.2f} to {row['learning_high']:.2f}",
            "sign": {1: "better", -1: "worse", 0: "level"}[clear_sign(row)],
            "pass_at_32": signed(prices[row["arm"]] / 100),
            "charged": "no" if row["free"] else "yes",
        }
        for _, row in leading(ranking).iterrows()
    ]


def report(root: Path, preset: str, jobs: Sequence[Job]) -> str:
    """Return the report of a preset as one HTML text.

    Args:
        root: folder of the project's packages.
        preset: size of the job.
        jobs: the commands that made tables and figures, and what each took.

    Raises:
        DataError: a figure, the ledger or a table of predictions is missing; the message names the file.
    """
    jinja = require("jinja2", "figures")
    folder = resources.files("paper_figures.report")
    environment = jinja.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja.StrictUndefined
    )
    environment.filters.update(maths=text_with_formulas, number=number, duration=_duration)
    environment.globals.update(interval=interval, signed=signed)
    claims, predictions = _claims(root, preset), read_predictions(root, preset)
    summary, tests = (read_table(table.path(root, preset)) for table in (RANKING, CHALLENGE))
    gains = {f"at {text}": world_gains(summary, regime) for regime, text in REGIMES.items()}
    record = [{**form, "regime": text} for text, part in gains.items() for form in sampler_record(part)]
    losing = sorted((form for form in record if form["loses"]), key=lambda form: -len(form["loses"]))
    worlds = {text: _worst_first(part) for text, part in gains.items()}
    ranking = read_table(NETWORKS.path(root, preset))
    try:
        sections = _sections(root, preset)
    except FileNotFoundError as error:
        raise DataError(f"{error.filename} does not exist; make it with: python -m paper_figures make") from None
    template = environment.from_string(folder.joinpath("template.html").read_text(encoding="utf-8"))
    html: str = template.render(
        preset=preset,
        style=folder.joinpath("style.css").read_text(encoding="utf-8") + font_face(),
        claims=claims,
        claims_line=_tile(claim_counts(root, preset), "verdicts verified"),
        claims_command=f"python -m vas_theory verify --json --output paper_figures/output/{preset}/claims.json",
        claims_hash=sha256_file(output_folder(root, preset) / "claims.json"),
        predictions=predictions,
        predictions_line=_tile(prediction_counts(root, preset), "predictions held"),
        sections=sections,
        record=record,
        losing=losing,
        small_losers=_small_losers(ranking),
        worlds=dict(sorted(worlds.items(), key=lambda part: _least(part[1]))),
        leaders=_leaders(ranking),
        in_summary=in_summary(ranking),
        largest_rates=_largest_rates(summary),
        challenges=challenge_lines(tests),
        answers=answers(ranking, read_table(AGREEMENT.path(root, preset))),
        seeds=max(int(part["seeds"].max()) for part in gains.values()),
        jobs=jobs,
        limits=_limits(claims, predictions, read_metadata(TRAINING.path(root, preset))["config"]),
    )
    return html
