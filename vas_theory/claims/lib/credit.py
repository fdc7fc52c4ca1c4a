"""What was searched before a claim says that it has no prior source."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["SEARCHED", "no_prior_source"]

SEARCHED: Mapping[str, str] = {
    "gradient": "policy gradient norm, lower and upper bound, reward variance, tabular softmax",
    "steps": "expected improvement of a step, policy gradient, reward variance, softmax bandit, step size",
    "smoothness": "smoothness constant, softmax policy gradient, Hessian, 5/2, non-uniform smoothness",
    "sequences": "policy gradient norm, sequence length, reward standard deviation, vanishing gradients",
    "groups": "group-normalised advantage, finite group size, signal-to-noise ratio, second moment, pass rate",
    "pools": "prompts sampled by reward variance, p(1-p), Beta pass rates, objective, curriculum, reweighting",
    "time": "gradient flow, lower bound on the time, low reward variance, RLHF",
}
"""Subject -> terms, looked up in a search of web pages, arXiv's among them; titles and openings were read."""


def no_prior_source(subject: str, of: str = "") -> str:
    """Return the sentence that no prior source was found, with what was searched.

    Args:
        subject: key of :data:`SEARCHED`.
        of: what of the claim it concerns, such as "of this constant".
    """
    return f"we found no prior source{f' {of}' if of else ''} (searched: {SEARCHED[subject]})"
