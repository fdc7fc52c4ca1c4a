"""What real training says of the arms that the tournament may recommend, in words that follow its intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from paper_figures.figures._study import arms_in_order, count
from paper_figures.knowledge import BASE, difference, knowledge_gains, over_uniform
from paper_figures.networks import clear_sign
from paper_figures.study import AccuracyGains, accuracy_gains

__all__ = ["contradicted_arms", "knowledge_sentence", "study_sentences"]

_IN_NETWORKS = {"states": "vas-states", "column": "vas-own"}
"""Arms of the language model by the names they have in the networks."""
_VERDICTS = {
    "held": "as predicted",
    "failed": "and the prediction failed",
    "uninformative": "which neither confirms nor refutes the prediction",
}


def study_sentences(root: Path, preset: str, arms: Iterable[str]) -> dict[str, str]:
    """Return what the study measured of each arm beside uniform sampling; nothing where a table is not there.

    Args:
        root: the project's folder.
        preset: the size of the page; the study is the committed one at every size.
        arms: names, among which uniform sampling is passed over.

    Returns:
        Arm -> a sentence, with the figures of the tables.

    Raises:
        IntegrityError: a table was altered or cut short.
    """
    study = accuracy_gains(root, preset)
    return {} if study is None else {arm: _sentence(arm, study) for arm in arms if arm != "uniform"}


def knowledge_sentence(root: Path) -> str:
    """Return what arms that know pass rates gained on a language model; nothing where a table is not there.

    Args:
        root: the project's folder.

    Raises:
        IntegrityError: a table was altered or cut short.
    """
    numbers = knowledge_gains(root)
    if numbers is None:
        return ""
    arms = [arm for arm in arms_in_order(numbers["arm"]) if arm != BASE]
    ahead = [arm for arm in arms if difference(numbers, arm, "pass_at_1_points").low > 0]
    gains, further = (
        ", ".join(f"{arm} {over_uniform(numbers, arm, column)}" for arm in arms).replace("-", "−")
        for column in ("pass_at_1_points", "pass_at_8_points")
    )
    same = " and ".join(f"{arm} is {_IN_NETWORKS[arm]}" for arm in arms if arm in _IN_NETWORKS)
    free = sorted(set(numbers.loc[numbers["free"], "arm"]))
    first = numbers.iloc[0]
    return (
        f"On a language model ({first['model']}, {count(numbers['seed'].nunique(), 'paired seed')}, "
        f"{numbers['rollouts'].max():,} rollouts a run) {' and '.join(ahead) or 'no arm that knows pass rates'} "
        f"clearly gained more than uniform sampling. Points of held-out pass rate over uniform sampling, which gains "
        f"{numbers.loc[numbers['arm'] == BASE, 'pass_at_1_points'].mean():.1f}, with 95% intervals: {gains}; "
        f"of pass@8: {further}."
        + (f" There {same}." if same else "")
        + (f" Rollouts behind the pass rates of {', '.join(free)} are not counted." if free else "")
    )


def contradicted_arms(root: Path, preset: str, networks: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the arms that trained models speak against, and in words what does.

    The language model does where an arm is below uniform sampling or has not the gain that was predicted, the networks
    where the arm learns less than uniform sampling by its interval.

    Args:
        root: the project's folder.
        preset: the size of the page.
        networks: of :func:`~paper_figures.explorer.networks.network_rows`.
    """
    study = accuracy_gains(root, preset)
    rows = {} if study is None else study.rows
    below = {arm for arm, row in rows.items() if row["measured_high"] < 0}
    missed = {
        arm for arm, row in rows.items() if row["verdict"] == "failed" and row["predicted"] > 0 >= row["measured_low"]
    }
    small = {arm for arm, row in networks.items() if clear_sign(row) < 0}
    return {arm: _against(arm in below, arm in missed, arm in small) for arm in sorted(below | missed | small)}


def _against(below: bool, missed: bool, small: bool) -> str:
    """Say what speaks against an arm: it is below, its predicted gain did not appear, small networks learn less."""
    if below:
        return f"{'training of a language model and of small networks' if small else 'real training'} contradicts it"
    networks = "training of small networks contradicts it"
    if not missed:
        return networks
    return f"the gain that was predicted for real training did not appear{f', and {networks}' if small else ''}"


def _sentence(arm: str, study: AccuracyGains) -> str:
    if arm not in study.rows:
        return f"{arm} was not among the arms of this project's real training."
    row = study.rows[arm]
    if row["measured_low"] > 0:
        stance, place = "agrees", "above uniform sampling"
    elif row["measured_high"] < 0:
        stance, place = "contradicts this", "below uniform sampling"
    else:
        side = "above" if row["measured"] > 0 else "below"
        stance, place = "does not confirm this", f"{side} uniform sampling by no more than the seeds vary"
    return (
        f"Real training {stance}: on {study.setting} the gain of {arm} in sampled held-out accuracy over uniform "
        f"sampling was predicted as {_signed(row['predicted'])} points and measured as {_signed(row['measured'])} "
        f"({study.coverage:.0%} interval {_signed(row['measured_low'])} to {_signed(row['measured_high'])}): {place}, "
        f"{_VERDICTS[row['verdict']]}."
    )


def _signed(value: float) -> str:
    """Return a share in points."""
    return f"{100 * value + 0.0:+.1f}".replace("-", "−")
