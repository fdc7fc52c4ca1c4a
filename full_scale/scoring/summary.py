"""What a column cost, what it says, and how long a run has to be for it to pay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from full_scale.advising.advice import break_even
from full_scale.advising.evidence import read_evidence
from full_scale.advising.forecast import COVERAGE, beyond, predict_arm
from full_scale.advising.pool import PoolShape
from full_scale.answering import Answers, Ledger
from vas_theory.foundation.errors import DataError
from vas_theory.groups.beta_pools import fit_pool_to_counts

if TYPE_CHECKING:
    from full_scale.config.scoring import ScoreConfig
    from full_scale.scoring.data import Scored

__all__ = ["break_even_text", "summary"]

_ARM = "vas-own"
"""The laboratory's arm that knows a column of the start model's own pass rates."""
_EXAMPLES = (1.1, 1.25, 1.5, 2.0)


def summary(
    scored: Scored, answers: Mapping[str, Answers], ledger: Ledger, config: ScoreConfig, training_rollouts: int | None
) -> str:
    """Return the account as text."""
    found = [answers[prompt.key] for prompt in scored.prompts]
    counts = np.array([(one.successes, one.trials) for one in found if one.trials])
    spent = int(sum(one.trials for one in found))
    lines = [f"rollouts spent: {spent:,} ({ledger.text()})"]
    if config.adaptive:
        whole = config.rollouts * len(found)
        lines.append(f"adaptive: {whole - spent:,} of {whole:,} rollouts were not needed")
    if not len(counts):
        return "\n".join(lines)
    successes, trials = counts.T
    silent = (successes == 0).mean(), (successes == trials).mean()
    lines.append(
        f"pass rate {successes.sum() / trials.sum() if not config.adaptive else (successes / trials).mean():.3f}; "
        f"all wrong {silent[0]:.2f}, all right {silent[1]:.2f} of {len(counts):,} prompts"
    )
    cut = sum(one.cut for one in found)
    if cut:
        lines.append(
            f"{cut / spent:.0%} of the answers ended at the token limit (--max-new-tokens) and count as they are"
        )
    if scored.dropped:
        reasons = "repeat an earlier question, or show images where those are dropped,"
        lines.append(f"{scored.dropped:,} rows {reasons} and are not in the table")
    a, b = fit_pool_to_counts(successes.astype(np.float64), trials.astype(np.float64))
    lines.append(break_even_text(spent, len(found), (a, b), config.group_size, training_rollouts))
    return "\n".join(lines)


def break_even_text(
    spent: int, prompts: int, beta: tuple[float, float], group_size: int, training_rollouts: int | None
) -> str:
    """Return from how many training rollouts on the column pays, by the laboratory's measured numbers.

    Args:
        spent: rollouts of the column.
        prompts: of the data.
        beta: of the fitted pool.
        group_size: of the run that is planned.
        training_rollouts: of that run; by default the visits that the laboratory measured at.
    """
    formula = ", ".join(f"{spent / (gain - 1):,.0f} if {gain:g}" for gain in _EXAMPLES)
    rule = (
        f"a column that makes a run learn L times as much pays from {spent:,} / (L - 1) training rollouts on: {formula}"
    )
    try:
        worlds = [world for world in read_evidence() if _ARM in world.arms]
    except DataError as error:
        return f"break-even: cannot be told ({error}); {rule}"
    if not worlds:
        return f"break-even: cannot be told, as no network world has measured a column yet; {rule}"
    visits = float(np.median([world.shape.visits for world in worlds]))
    if training_rollouts is not None:
        visits = training_rollouts / group_size / prompts
    shape = PoolShape(*beta, group_size, visits)
    forecast = predict_arm(worlds, _ARM, shape)
    outside = beyond(shape, worlds)
    if outside or forecast is None:
        return f"break-even: cannot be told, this pool lies outside what was measured ({'; '.join(outside)}); {rule}"
    least, middle, most = (
        f"{break_even(spent, learning):,.0f}" if learning > 1 else "never"
        for learning in (forecast.high, forecast.middle, forecast.low)
    )
    text = (
        f"break-even: a run needs about {middle} training rollouts for the column to pay [{least} to {most}], as it is "
        f"expected to learn {forecast.middle:.2f} times as much as uniform sampling at {visits:.3g} groups a prompt "
        f"[{forecast.low:.2f}, {forecast.high:.2f}; {COVERAGE:.0%}, {forecast.worlds} network worlds]"
    )
    if training_rollouts is None:
        return text
    pays = forecast.middle > 1 and training_rollouts >= break_even(spent, forecast.middle)
    return f"{text}; with {training_rollouts:,} it is expected {'' if pays else 'not '}to pay"
