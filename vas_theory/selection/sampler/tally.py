"""What the sampler counts while it runs, and what it works out over the whole pool when asked."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.selection.sampler.feedback import MIXED, Feedback

__all__ = ["ARMS", "Tally", "gini"]

ARMS = ("undrawn", "weighted", "probe", "uniform")
"""How a prompt came into a batch; ``undrawn`` for feedback on prompts that this sampler did not draw."""

_FIRST_GROUPS = 32
_LEAST_VARYING = 0.25
_LARGEST_MIXED = 0.02
"""When feedback contradicts the settings: after so many groups a quarter vary, and of these next to none is mixed."""

_COUNTS = ("groups", "mixed", "all_right", "all_wrong")


class Tally:
    """Running counts by arm, and of what was left out or late."""

    def __init__(self) -> None:
        self.by_arm: NDArray[np.int64] = np.zeros((len(ARMS), len(_COUNTS)), dtype=np.int64)
        self.predicted_mixed = 0.0
        self.predicted_groups = 0
        self.realised_mixed = 0
        self.excluded_rewards = 0
        self.excluded_groups = 0
        self.late_groups = 0
        self.uniform_fallbacks = 0
        self.filled_places = 0
        self.varying = 0
        self.contradiction_said = False

    def count(self, feedback: Feedback, arms: NDArray[np.integer], predicted: NDArray[np.float64]) -> None:
        """Add observed groups.

        Args:
            feedback: the groups.
            arms: the arm that drew each group's prompt, shape (n,).
            predicted: probability, before the groups were seen, that each is mixed, NaN where there is none.
        """
        outcome = feedback.group_outcomes
        kinds = np.bincount(3 * arms.astype(np.int64) + outcome, minlength=3 * len(ARMS)).reshape(-1, 3)
        self.by_arm[:, 0] += kinds.sum(1)
        self.by_arm[:, 1:] += kinds
        self.varying += int(feedback.group_varies.sum())
        mixed = outcome == MIXED
        known = ~np.isnan(predicted)
        self.predicted_mixed += float(predicted[known].sum())
        self.predicted_groups += int(known.sum())
        self.realised_mixed += int(mixed[known].sum())
        self.count_excluded(feedback)

    def contradiction(self, feedback: Feedback) -> str | None:
        """Say how the groups so far and those of ``feedback`` contradict what groups are judged by, or return None.

        That is where groups whose rewards vary are many and hardly any is mixed: the successes are not those that
        the advantages come from.
        """
        groups = int(self.by_arm[:, 0].sum()) + feedback.group_outcomes.size
        varying = self.varying + int(feedback.group_varies.sum())
        if groups < _FIRST_GROUPS or varying < _LEAST_VARYING * groups:
            return None
        mixed = int(self.by_arm[:, 1].sum()) + int((feedback.group_outcomes == MIXED).sum())
        if mixed > _LARGEST_MIXED * varying:
            return None
        return (
            f"the rewards of {varying} of {groups} groups vary, so that these groups have a gradient, but only {mixed} "
            "hold both right and wrong rollouts: draws by weight then say nothing about what is trained on. Give "
            "successes from the reward that counts as right or wrong, or take posterior='normal_gamma' for graded "
            "rewards"
        )

    def count_excluded(self, feedback: Feedback) -> None:
        """Add what was left out of some feedback."""
        self.excluded_rewards += feedback.excluded_rewards
        self.excluded_groups += feedback.excluded_groups

    def as_metrics(self) -> dict[str, float]:
        """Shares by arm and counts, NaN where nothing was observed."""
        metrics: dict[str, float] = {
            "predicted_mixed_share": _ratio(self.predicted_mixed, self.predicted_groups),
            "realised_mixed_share": _ratio(self.realised_mixed, self.predicted_groups),
            "varying_share": _ratio(self.varying, int(self.by_arm[:, 0].sum())),
        }
        for arm, (groups, *hits) in zip(ARMS, self.by_arm.tolist(), strict=True):
            metrics[f"{arm}/groups"] = groups
            for name, value in zip(_COUNTS[1:], hits, strict=True):
                metrics[f"{arm}/{name}_share"] = _ratio(value, groups)
        for name in ("excluded_rewards", "excluded_groups", "late_groups", "uniform_fallbacks", "filled_places"):
            metrics[name] = getattr(self, name)
        return metrics

    def to_json(self) -> str:
        """The counts as text; floats come back exactly."""
        return json.dumps({**vars(self), "by_arm": self.by_arm.tolist()}, sort_keys=True)

    def from_json(self, text: str) -> None:
        """Replace the counts by saved ones."""
        saved: dict[str, Any] = json.loads(text)
        vars(self).update({**saved, "by_arm": np.array(saved["by_arm"], dtype=np.int64)})


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def gini(counts: NDArray[np.integer]) -> float:
    """Gini coefficient of counts: 0 where all are equal (or all zero), towards 1 where one has everything.

    sum_i (2i - n - 1) x_(i) / (n sum x), with x sorted ascending and i from 1.
    """
    occurrences = np.bincount(counts)
    values = np.arange(occurrences.size)
    total = float(occurrences @ values)
    if total == 0:
        return 0.0
    # equal counts share the mean of their ranks, so a histogram is enough and nothing is sorted
    last = np.cumsum(occurrences)
    mean_rank = last - (occurrences - 1) / 2.0
    n = counts.size
    return float((2 * mean_rank - n - 1) @ (occurrences * values) / (n * total))
