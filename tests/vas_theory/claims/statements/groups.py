"""Values for the letters of statements about groups of rollouts, made from their definitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.stats import beta as beta_law
from scipy.stats import binom

from tests.vas_theory.claims.statements.latex import Prefix, evaluated
from tests.vas_theory.claims.statements.policies import bandit
from tests.vas_theory.claims.statements.reading import Row, left, norm, right
from vas_theory.claims.lib.base import Claim
from vas_theory.groups import expected_group_std, group_gain
from vas_theory.policy.gradients import policy_gradient

__all__ = [
    "at_half",
    "beta_prior",
    "classes",
    "gain_of_rate",
    "incomplete",
    "pass_at_three",
    "rate",
    "rate_and_gain",
    "rate_and_limit",
    "slope_of_passes",
    "sum_of_passes",
    "their_gain",
    "uniform_prior",
    "without_whitening",
]


def rate(row: Row) -> dict[str, Any]:
    """Letters of a group by its pass rate; D = 1 where classes have traces."""
    p, size = float(row["pass_rate"]), int(row["group_size"])
    letters = {
        "p": p, "P": p, "K": float(size), "G": float(size), "q": p * (1 - p), "D": 1.0,
        "w_G": lambda rate: float(group_gain(rate, size)),
    }  # fmt: skip
    if "trace" in row:
        tau = float(row["trace"])
        within = tau * (1 - p) * (1 - (1 - p) ** (size - 1)) + tau * p * (1 - p ** (size - 1))
        letters |= {
            r"\tau": tau,
            r"\|E\hat g\|": letters["w_G"](p) * p * (1 - p),
            r"E\|\hat g\|^2": (1 - 1 / size) * p * (1 - p) + within / size,
        }
    if "rare_share" in row:
        letters[r"\varepsilon"] = row["rare_share"] * p
    return letters


def gain_of_rate(row: Row) -> dict[str, Any]:
    letters = rate({**row, "pass_rate": (row["probs"] * row["rewards"]).sum()})
    size = letters["G"]
    trials = evaluated("G-2", letters)
    draws = np.arange(trials + 1)
    chance = binom.pmf(draws, trials, letters["p"])
    return letters | {
        "J": draws,
        "E": lambda values: (chance * values).sum(),
        r"E\,\hat\sigma": expected_group_std(letters["p"], int(size)),
    }


def classes(row: Row) -> dict[str, Any]:
    """Letters of a group's second moments: traces within the classes of right and wrong arms, and their distance."""
    pi, r, letters = row["probs"], row["rewards"], bandit(row)
    scores = np.eye(len(pi)) - pi
    means, traces = [], []
    for chosen in (r == r.max(), r != r.max()):
        share = pi[chosen] / pi[chosen].sum()
        mean = share @ scores[chosen]
        means.append(mean)
        traces.append((share * ((scores[chosen] - mean) ** 2).sum(-1)).sum())
    squares = (scores**2).sum(-1)
    return letters | {
        "D": ((means[0] - means[1]) ** 2).sum(),
        "A": r - letters["p"],
        "E": Prefix(lambda values: (pi * values).sum()),
        r"\|g\|": np.sqrt(squares),
        r"\tau_1": traces[0],
        r"\tau_0": traces[1],
        r"\Gamma": (pi * squares).sum(),
        "M": (pi * squares * (r - letters["p"]) ** 2).sum(),
    }


def rate_and_gain(row: Row) -> dict[str, Any]:
    gain = float(group_gain(row["pass_rate"], int(row["group_size"])))
    return rate(row) | {"w_G": gain, "x": 0.25}


def rate_and_limit(row: Row) -> dict[str, Any]:
    return rate(row) | {"w_G": lambda rate: float(group_gain(rate, 4096))}


def without_whitening(row: Row) -> dict[str, Any]:
    letters = rate(row)
    q, size, tau = letters["q"], letters["G"], letters[r"\tau"]
    within = tau * (size - 2) + 2 * tau
    return letters | {
        r"\|E\hat g\|": (1 - 1 / size) * q,
        r"E\|\hat g\|^2": q * (size - 1) / size**3 * (size - 1 + (size - 2) * (size - 3) * q + within),
    }


def at_half(claim: Claim, row: Row, names: Mapping[str, Any]) -> Any:
    return right(claim, {**row, "pass_rate": 0.5}, names)


def beta_prior(row: Row) -> dict[str, Any]:
    a, b = row["a"], row["b"]
    s = a + b
    return {"a": a, "b": b, "s": s, "N": float(row["rollouts"]), "m": (a + 1) * (b + 1) / ((s + 2) * (s + 3))}


def uniform_prior(claim: Claim, row: Row, names: Mapping[str, Any]) -> Any:
    return left(claim, {**row, "a": 1.0, "b": 1.0}, names)


def sum_of_passes(row: Row) -> dict[str, Any]:
    p, size = (row["probs"] * row["rewards"]).sum(), int(row["group_size"])
    return {"p": p, "G": float(size), r"\nabla p": norm(policy_gradient(row["probs"], row["rewards"])) ** 2, "k": 3.0}


def slope_of_passes(claim: Claim, row: Row, names: Mapping[str, Any]) -> Any:
    """The derivative of the sum of pass@k / k, with pass@k as the statement has it, by a complex step."""
    k, text = np.arange(1, names["G"] + 1), r"1-(1-p)^k"
    assert text in claim.statement
    return (evaluated(text, {"p": names["p"] + 1e-30j, "k": k}) / k).sum().imag / 1e-30


def pass_at_three(claim: Claim, row: Row, names: Mapping[str, Any]) -> Any:
    return binom.sf(0, 3, names["p"])


def incomplete(row: Row) -> dict[str, Any]:
    """Letters of the derivative of Davis and Recht's function: the advantages b and a after s other right rollouts."""
    size = int(row["group_size"])
    s = np.arange(size)
    mean = lambda right: right / size  # noqa: E731
    spread = lambda right: np.sqrt(mean(right) * (1 - mean(right)))  # noqa: E731
    with np.errstate(divide="ignore", invalid="ignore"):
        after_right = np.where(s + 1 < size, (1 - mean(s + 1)) / spread(s + 1), 0.0)
        after_wrong = np.where(s > 0, -mean(s) / spread(s), 0.0)
    return {
        "M": float(size), r"\sum_{s=0}^{M-1}": Prefix(np.sum), "b_s": after_right, "a_s": after_wrong, "s": s,
        "t": row["pass_rate"],
        "I_t": lambda a, b: beta_law.pdf(row["pass_rate"], a, b),
    }  # fmt: skip


def their_gain(claim: Claim, row: Row, names: Mapping[str, Any]) -> Any:
    return group_gain(row["pass_rate"], int(row["group_size"]))
