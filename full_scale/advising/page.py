"""The page of an answer: pool, verdict, what is expected of each way, what was measured, settings, calibration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from full_scale.advising.advice import Advice
    from full_scale.advising.describe import Description, FeatureWorth
    from full_scale.advising.evidence import MeasuredWorld

__all__ = ["page"]


def page(
    described: Description,
    advice: Advice,
    worlds: Sequence[MeasuredWorld],
    calibration: Any,
    features: FeatureWorth | None = None,
) -> str:
    """Return the page: pool, verdict, what is expected of each way, what was measured, settings."""
    parts = [_pool(described, features), _answer(advice), _expected(advice), _measured(advice, worlds)]
    parts += [_settings(described, advice), _calibration(calibration, len(worlds))]
    return "\n\n".join(filter(None, parts))


def _pool(described: Description, features: FeatureWorth | None) -> str:
    shape, late = described.shape, described.late
    seen = [described.kind]
    seen += [f"{described.prompts:,} prompts"] if described.prompts is not None else []
    seen += [f"{described.groups:,} groups"] if described.groups is not None else []
    to = (lambda value: f" at first, {value:.2f} at last") if late else (lambda value: "")
    lines = [
        f"POOL ({', '.join(seen)}; planned: groups of {shape.group_size}, {shape.visits:.3g} of them a prompt)",
        f"  mean pass rate {shape.pass_rate:.2f}{to(late[0] if late else 0)}",
        f"  groups with a gradient {shape.mixed:.2f}{to(late[1] if late else 0)}",
        f"  groups all wrong {shape.wrong:.2f}, all right {shape.right:.2f}",
        f"  pass rates like Beta({shape.a:.2f}, {shape.b:.2f})"
        + (": most prompts are nearly always wrong or nearly always right" if shape.u_shaped else ""),
        f"  drawn by their true p(1-p), prompts would give {shape.headroom:.2f} times as many groups with a gradient",
    ]
    if described.stays is not None:
        names = ("all wrong", "mixed", "all right")
        shares = ", ".join(f"{name} {share:.2f}" for name, share in zip(names, described.stays, strict=True))
        lines.append(f"  a prompt's next group is as its last: {shares}")
    if features is not None:
        lines.append(
            f"  features: the quarter of prompts never seen that they choose has {features.mixed:.2f} mixed groups, "
            f"all have {features.uniform:.2f}; correlation with the pass rate {features.correlation:.2f}"
        )
    return "\n".join([*lines, *(f"  note: {note}" for note in described.notes)])


def _answer(advice: Advice) -> str:
    return "\n".join(
        [f"IS CHOOSING PROMPTS EXPECTED TO HELP? {advice.verdict.upper()}", *(f"  {r}" for r in advice.reasons)]
    )


def _expected(advice: Advice) -> str:
    from full_scale.advising.advice import LIMIT
    from full_scale.advising.forecast import COVERAGE
    from vas_theory.foundation.display import text_table

    rows = []
    for found in advice.ways:
        value = found.forecast
        told = ("–", "–", "–", 0)
        if value is not None:
            charged = value.text(found.charge) if found.charge < 1 else "–"
            told = (value.text(), f"{value.above:.0%}", charged, value.worlds)
        rows.append((found.way.arm, found.way.knows, *told, found.verdict))
    head = ("arm", "knows", f"learning [{COVERAGE:.0%}]", "above 1", "column charged", "worlds", "verdict")
    table = text_table(head, rows)
    title = "EXPECTED LEARNING, relative to uniform sampling at equal training rollouts"
    return f"{title}\n{_indented(table)}\n  {LIMIT}"


def _measured(advice: Advice, worlds: Sequence[MeasuredWorld]) -> str:
    """Return what each world measured of the best way, with the price in pass@32."""
    from vas_theory.foundation.display import text_table

    told = [found.way.arm for found in advice.ways if found.forecast is not None]
    rows = []
    for arm in told[:2]:
        for world in worlds:
            if arm in world.arms:
                found, shape = world.arms[arm], world.shape
                learning, coverage = (
                    f"{value:{form}} [{value - 1.96 * error:{form}}, {value + 1.96 * error:{form}}]"
                    for (value, error), form in ((found.learning, ".2f"), (found.coverage, "+.3f"))
                )
                where = (f"{shape.visits:.3g}", f"{shape.headroom:.2f}", f"{shape.wrong:.2f}")
                rows.append(
                    (arm, world.name, *where, learning, coverage, "" if found.tuned else "rate at the grid's end")
                )
    head = ("arm", "world", "visits", "headroom", "all wrong", "learning [95%]", "pass@32 against uniform [95%]", "")
    return (
        ""
        if not rows
        else f"MEASURED in small networks; pass@32 is the price in coverage\n{_indented(text_table(head, rows))}"
    )


def _settings(described: Description, advice: Advice) -> str:
    from full_scale.advising.advice import COLUMN_ROLLOUTS, break_even

    chosen = [found for found in advice.ways if found.verdict == "yes"]
    lines = [f"  {found.way.arm}: {found.way.settings}" for found in chosen]
    if described.prior is not None and chosen:
        lines.append(
            f"  a prompt's own past: prior ({described.prior:g}, {described.prior:g}) and drift {described.drift:g} "
            "would have foreseen this log best"
        )
    column = next((found for found in advice.ways if found.way.arm == "vas-own" and found.charge < 1), None)
    if column is not None and column.forecast is not None and described.prompts is not None:
        cost = COLUMN_ROLLOUTS * described.prompts
        value = column.forecast
        middle, least, most = (break_even(cost, learning) for learning in (value.middle, value.high, value.low))
        pays = "is not expected to pay in a run of any length"
        if math.isfinite(middle):
            latest = f"{most:,.0f}" if math.isfinite(most) else "never"
            pays = f"pays from about {middle:,.0f} training rollouts on [{least:,.0f}, {latest}]"
        lines.append(f"  a column of {COLUMN_ROLLOUTS} rollouts a prompt costs {cost:,} rollouts and {pays}")
    return "" if not lines else "\n".join(["SETTINGS", *lines])


def _calibration(calibration: Any, worlds: int) -> str:
    from full_scale.advising.forecast import COVERAGE

    if not len(calibration):
        return f"CALIBRATION\n  {worlds} worlds were measured: too few to leave one out"
    inside = int(calibration["inside"].sum())
    places = calibration["world"].nunique()
    return (
        f"CALIBRATION\n  each world foreseen from the others: {inside} of {len(calibration)} values lie in their "
        f"{COVERAGE:.0%} intervals ({places} worlds; the values of one world are not independent)"
    )


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
