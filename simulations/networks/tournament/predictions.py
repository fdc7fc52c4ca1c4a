"""Signs of the arms' differences to uniform sampling, written down before the reported runs.

From the theory (an update is at most as informative as the reward deviation of its group), from the bandit laboratory,
and from a first look at chains with other code and other seeds. +1: the arm's held-out pass rate ends above uniform's
at equal rollouts, each at its tuned rate; -1: below; 0: no sign is claimed.
"""

from __future__ import annotations

__all__ = ["FRESH", "REASONS", "predicted_sign"]

FRESH = ("navigation-gapped", "arithmetic")
"""Worlds in which a few arms ran after the group size of one of them had been chosen in the others: a confirmation,
kept out of the means that all arms are compared by."""

REASONS: dict[str, tuple[int, str]] = {
    "uniform": (0, "the baseline"),
    "uniform-g4": (0, "more prompts and noisier groups: the two effects oppose each other"),
    "uniform-g16": (0, "fewer prompts and fewer silent groups: the two effects oppose each other"),
    "vas": (0, "a prompt is visited once or twice, so its own history says too little"),
    "vas-weighted": (0, "as vas, without the uniform half"),
    "vas-paper": (-1, "scoring rollouts eat a third of the budget or more"),
    "vas-paper-free": (1, "half the batch is drawn by nearly the true variance, and the price is not charged"),
    "dapo": (-1, "discarded groups are charged: fewer updates for the same rollouts"),
    "mopps": (0, "as vas"),
    "arcus": (0, "as vas"),
    "insight": (0, "as vas"),
    "index": (-1, "returns to the same prompts; most groups with a gradient, least learning in the first look"),
    "index@1": (0, "without returns there is nothing to exploit"),
    "index@2": (0, "the cap repairs most of the harm in the first look"),
    "index@4": (-1, "half way between"),
    "index-ada": (-1, "as index"),
    "reinforce-ada": (0, "saves rollouts on easy prompts and spends them on hopeless ones"),
    "speed": (0, "screens cheaply, and loses the screened"),
    "greso": (0, "skips prompts that stayed silent, of which few come twice"),
    "oracle": (1, "knows the variance"),
    "oracle-half": (1, "knows the variance, uses it for half of the batch"),
    "predictor": (1, "its knowledge is shared by all prompts"),
    "vas-states": (1, "as predictor, with the sampler that practitioners use"),
    "vas-states-g4": (1, "as vas-states; groups of 4 alone had learned more than groups of 8 when this was written"),
    "vas-states-once": (1, "as vas-states with the states before training alone, which age"),
    "vas-history": (1, "as vas-shuffled, whose column says nothing and which had gained when this was written"),
    "vas-own": (1, "pass rates before training are known from the first step; they age"),
    "vas-reseeded": (1, "pass rates of a model of the same teaching, recalibrated"),
    "vas-otherwise": (0, "pass rates of a model of another teaching: worth something or nothing"),
    "vas-shuffled": (0, "a column that says nothing is found out"),
    "vas-reversed": (0, "a column that misleads is found out"),
    "vas-both": (1, "states and column"),
    "vas-rescored": (-1, "a tenth of the rollouts are not trained on, and tell little that training groups do not"),
    "vas-states-rescored": (0, "gains as vas-states, and pays a tenth of the rollouts for knowing a little more"),
    "top-variance": (0, "drops silent groups that had no gradient anyway; only the scale of the step changes"),
    "bots": (0, "as mopps"),
    "prompt-gdro": (0, "weights bins of pass rates that are hardly known"),
    "informative-group": (0, "as vas"),
    "maxrl": (0, "reweights groups; coverage should gain, the pass rate need not"),
}
"""Arm -> (sign, reason)."""


def predicted_sign(world: str, arm: str) -> int:
    """Return the sign predicted for an arm; 0 for one that is not listed."""
    return REASONS.get(arm, (0, ""))[0]
