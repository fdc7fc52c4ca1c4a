"""Values for the letters of statements about policies and steps, made from their definitions."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import hyp1f1

from tests.vas_theory.claims.statements.latex import Prefix
from tests.vas_theory.claims.statements.reading import ETA, Row, norm
from vas_theory.bounds import (
    kappa,
    smoothness,
)
from vas_theory.claims.c18_fixed_rate import ascent_step
from vas_theory.claims.lib.base import Claim
from vas_theory.groups import group_gain
from vas_theory.policy.gradients import explained_variance

__all__ = [
    "any_direction",
    "bandit",
    "bandit_by_rho",
    "direction",
    "five_answers",
    "moved",
    "one_feature",
    "penalised",
    "quadratic",
    "rare_failure",
    "rate_to_the_ridge",
    "scored",
    "shaped",
    "sigmoid",
    "sine",
    "square",
    "tabular_step",
    "trained",
    "two_bandits",
    "with_group_sum",
    "with_kernel",
]


def bandit(row: Row) -> dict[str, Any]:
    """Letters of a tabular softmax policy."""
    pi, r = row["probs"], row["rewards"]
    mean, arms = (pi * r).sum(), len(pi)
    gradient = pi * (r - mean)
    variance = (pi * (r - mean) ** 2).sum()
    right = r > mean
    letters = {
        "p": mean,
        "v": variance,
        "q": mean * (1 - mean),
        "K": float(arms),
        "m": float((r == 1).sum()),
        "n": float((r == 0).sum()),
        "S_C": (r == 1).sum() * (pi[right] ** 2).sum() - pi[right].sum() ** 2,
        "S_W": (r == 0).sum() * (pi[~right] ** 2).sum() - pi[~right].sum() ** 2,
        "N_c": mean**2 / (pi[right] ** 2).sum() if right.any() else np.inf,
        "N_w": (1 - mean) ** 2 / (pi[~right] ** 2).sum(),
        r"\rho": norm(r - r.mean()),
        r"\Delta": np.ptp(r),
        r"\pi_{\min}": pi.min(),
        r"\Gamma": 1 - (pi**2).sum(),
        r"\kappa": float(kappa()),
        r"\|\nabla V\|": norm(gradient),
        r"\|\nabla J\|": norm(gradient),
        r"\mathrm{Var}[R]": variance,
        r"\mathrm{Var}_\pi(r)": variance,
        r"\mathrm{Var}": variance,
    }
    if "share" in row:
        letters["share"] = row["share"]
    if "step" in row:
        letters[r"\eta"] = row["step"] / np.ptp(r)
    if "group_size" in row:
        letters |= {"G": float(row["group_size"]), "w_G": float(group_gain(mean, int(row["group_size"])))}
    if "inverse_beta" in row:
        letters[r"\beta"] = 1 / row["inverse_beta"]
    return letters


def scored(row: Row) -> dict[str, Any]:
    """Letters of a policy with features."""
    pi, r = row["probs"], row["rewards"]
    g = row["features"] - pi @ row["features"]
    mean, squares = (pi * r).sum(), (g**2).sum(-1)
    average = lambda values: (pi * values).sum()  # noqa: E731
    gradient = (pi * (r - mean)) @ g
    fisher = np.linalg.eigvalsh((g * pi[:, None]).T @ g)
    right, wrong = pi * (r == r.max()), pi * (r != r.max())
    baseline = row.get("baseline", 0.0)
    best = average(squares * r) / average(squares)
    letters = {
        "p": mean,
        "b": baseline,
        "b^*": best,
        "R": r,
        "d": float(g.shape[-1]),
        "E R": mean,
        "E": average,
        "E\\,": Prefix(average),
        "M": average(squares * (r - mean) ** 2),
        "gg^\\top": squares,
        "R^2": explained_variance(pi, g, r),
        r"\|g\|": np.sqrt(squares),
        r"\Gamma": average(squares),
        r"G_{\max}": np.sqrt(squares.max()),
        r"\|\nabla J\|": norm(gradient),
        r"\mathrm{Var}[R]": average((r - mean) ** 2),
        r"\mathrm{Var}": average((r - mean) ** 2),
        r"\mathrm{Cov}": lambda x, y: average(x * y) - average(x) * average(y),
        r"\lambda_{\min}^{+}(F)": fisher[fisher > 1e-12].min(),
        r"\lambda_{\max}(F)": fisher.max(),
        r"\|E[g\mid 1]-E[g\mid 0]\|": norm(right @ g / right.sum() - wrong @ g / wrong.sum()),
        r"E\|G_b\|^2": average(squares * (r - baseline) ** 2),
        r"E\|G_{b^*}\|^2": average(squares * (r - best) ** 2),
    }
    letters[r"\mathrm{tr}\,\mathrm{Var}[G]"] = letters["M"] - norm(gradient) ** 2
    if "smoothness" in row:
        letters |= {"L": row["smoothness"], "share": row["share"]}
        letters["c"] = row.get("constant_share", 1.0) * norm(gradient) ** 2 / letters[r"\mathrm{Var}"]
    return letters


def direction(row: Row) -> dict[str, Any]:
    return {r"\pi_{\min}": row["probs"].min(), r"\|u\|": norm(row["direction"] - row["direction"].mean())}


def any_direction(row: Row) -> dict[str, Any]:
    return {r"\|u\|": norm(row["direction"])}


def moved(row: Row) -> dict[str, Any]:
    pi, r, u = row["probs"], row["rewards"], row["direction"]
    gap = (pi * r * u).sum() / (pi * r).sum() - (pi * (1 - r) * u).sum() / (pi * (1 - r)).sum()
    moved = pi * np.exp(row["step"] * u)
    return {
        "p": (pi * r).sum(),
        "p^+": (moved * r).sum() / moved.sum(),
        r"\eta": row["step"],
        r"\gamma": gap,
        "D": row["width"],
    }


def shaped(row: Row) -> dict[str, Any]:
    pi, f, r = row["probs"], row["form"], row["outcome"]
    spread = lambda x: np.sqrt((pi * (x - (pi * x).sum()) ** 2).sum())  # noqa: E731
    letters = {"R": r, "F": f, "spread": spread}
    if "weight" in row:
        letters |= {"a": row["weight"], r"\sigma_F": spread(f), r"\sigma_R": spread(r)}
    return letters


def penalised(row: Row) -> dict[str, Any]:
    pi, temperature = row["probs"], 1 / np.log(row["exp_inverse_temperature"])
    shaped = row["rewards"] - temperature * np.log(pi / row["reference"])
    return {r"\|\nabla J_\beta\|": norm(pi * (shaped - (pi * shaped).sum()))}


def one_feature(row: Row) -> dict[str, Any]:
    """One parameter: the first logit less the second."""
    pi, r = row["probs"], row["rewards"]
    push = pi * (r - (pi * r).sum())
    return {r"\|\nabla J\|": abs(push[0] - push[1])}


def two_bandits(row: Row) -> dict[str, Any]:
    other = {"probs": row["other_probs"], "rewards": row["other_rewards"]}
    return {rf"\|\nabla J_{name}\|": bandit(each)[r"\|\nabla J\|"] for name, each in (("x", row), ("y", other))}


def with_kernel(row: Row) -> dict[str, Any]:
    return bandit(row) | {"x": 0.7, r"\varphi": lambda x: hyp1f1(1, 3, x) / 2}


def bandit_by_rho(row: Row) -> dict[str, Any]:
    letters = bandit(row)
    return letters | {ETA: row["step"] / letters[r"\rho"]}


def with_group_sum(row: Row) -> dict[str, Any]:
    """With them the mean over all groups of sum_i (r_i - mean)/sigma (e_{y_i} - pi), along the gradient."""
    pi, r, size = row["probs"], row["rewards"], int(row["group_size"])
    along, total = pi * (r - (pi * r).sum()), 0.0
    for draw in itertools.product(range(len(pi)), repeat=size):
        arms = list(draw)
        if np.ptp(r[arms]) > 0:
            advantages = (r[arms] - r[arms].mean()) / r[arms].std()
            total += pi[arms].prod() * (advantages * (along[arms] - (pi * along).sum())).sum()
    return bandit(row) | {"group sum": total}


def rare_failure(row: Row) -> dict[str, Any]:
    """Letters of the three answers of B26, of which the last one is wrong."""
    e = row["epsilon"]
    pi, r = np.array([1 - e - e**2, e, e**2]), np.array([1.0, 1.0, 0.0])
    return bandit({"probs": pi, "rewards": r}) | {ETA: row["eta"]}


def five_answers(row: Row) -> dict[str, Any]:
    p = row["level"]
    return {"p": p, r"\log": np.log, ETA: 5 * np.log(2) / (p * (1 - p))}


def rate_to_the_ridge(claim: Claim, row: Row, names: Mapping[str, Any]) -> Any:
    """The rate at which one step of the code leads from (0, log 2) to second parameter 0."""
    level, start = np.array([row["level"]]), np.array([np.log(2)])
    return start / (start - ascent_step(level, 0 * start, start, 1 + 0 * start)[1])


def trained(row: Row) -> dict[str, Any]:
    """Letters of gradient ascent on the logits, one after the other."""
    logits, r = np.log(row["probs"]), row["rewards"]
    rates = []
    for _ in range(int(row["steps"]) + 1):
        pi = np.exp(logits - logits.max())
        pi /= pi.sum()
        rates.append((pi * r).sum())
        logits = logits + row["step"] * pi * (r - rates[-1])
    failures = (pi * (1 - r)).sum()  # 1 - p_t would lose its digits near 1
    return {"p_0": rates[0], "p_t": rates[-1], "1-p_t": failures, "t": row["steps"], ETA: row["step"], "m": r.sum()}


def tabular_step(row: Row) -> dict[str, Any]:
    """Letters of the tabular step: L = Delta / (3 sqrt 3) is taken from the function that the reading of B07 holds."""

    letters = bandit(row)
    ratio = letters[r"\|\nabla J\|"] ** 2 / letters[r"\mathrm{Var}"]
    return letters | {"L": float(smoothness(letters[r"\Delta"])), r"c_{\min}": ratio}


def quadratic(row: Row) -> dict[str, Any]:
    p, slope = row["success"], row["slope"]
    ratio = slope**2 / (p * (1 - p))
    return {
        r"c_{\min}": ratio, "L": row["smoothness"], r"\Gamma": ratio, r"\mathrm{Var}[R]": p * (1 - p), "share": 1.0
    }  # fmt: skip


def sine(row: Row) -> dict[str, Any]:
    p = row["middle"] + row["amplitude"] * row["sine"]
    ratio = row["amplitude"] ** 2 * (1 - row["sine"] ** 2) / (p * (1 - p))
    return {
        r"c_{\min}": ratio, "L": row["amplitude"], r"\Gamma": ratio, r"\mathrm{Var}[R]": p * (1 - p), "share": 1.0
    }  # fmt: skip


def square(row: Row) -> dict[str, Any]:
    return {
        r"c_{\min}": 1.0, "L": 0.5, r"\Gamma": 1.0, r"\mathrm{Var}[R]": np.sin(row["angle"]) ** 2 / 4, "share": 1.0
    }  # fmt: skip


def sigmoid(row: Row) -> dict[str, Any]:
    square = row["scale"] ** 2
    return {r"\eta": row["step"], r"c_{\min}": square / 4, r"\mathrm{Var}[R]": 1 / 4, "L": square / (6 * np.sqrt(3))}
