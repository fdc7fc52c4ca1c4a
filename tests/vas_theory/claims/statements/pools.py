"""Values for the letters of statements about chains, pools, sequences and time, made from their definitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from tests.vas_theory.claims.statements.latex import Prefix
from tests.vas_theory.claims.statements.reading import Row, left, right
from vas_theory.bounds import (
    razin_time_bound,
)
from vas_theory.claims.c03_group_size import pool_moments
from vas_theory.claims.lib.base import Claim
from vas_theory.claims.lib.domains import sequences
from vas_theory.claims.lib.flow_time import flow_facts

__all__ = [
    "best_group",
    "chains",
    "flow",
    "flow_or_penalty",
    "pool",
    "prompts",
    "sums",
    "their_time",
    "threshold",
    "tokens",
    "two_moments",
    "visits",
]


def chains(row: Row) -> dict[str, Any]:
    pi, z = row["probs"], row["chain_pass_rates"]
    average = lambda values: (pi * values).sum()  # noqa: E731
    letters = {
        "p_Z": z,
        "P": average(z),
        "E": average,
        r"\mathrm{Var}": lambda values: average(values**2) - average(values) ** 2,
    }
    if "distances" in row:
        pairs = Prefix(lambda values: pi @ values @ pi)
        letters |= {"E\\,": pairs, "d(Z,Z')": row["distances"], "L": row.get("slope"), "l": row.get("slope")}
    if "alpha" in row:
        size = float(row["rollouts"])
        squares = pi @ row["distances"] ** 2 @ pi
        expected = (size - 1) / size * average(z) * (1 - average(z))
        letters |= {r"\alpha": row["alpha"], r"\beta": 1 - row["alpha"], "K": size}
        letters |= {r"\mathrm{OVS}_K": expected, r"\mathrm{TDS}_K": squares}
    return letters


def visits(row: Row) -> dict[str, Any]:
    """Letters of batches of m prompts with k rollouts each."""
    q = row["weights"] / row["weights"].sum()
    means = (row["probs"] * row["values"]).sum(-1)
    noise = (row["probs"] * row["values"] ** 2).sum(-1) - means**2
    between = (q * means**2).sum() - (q * means).sum() ** 2
    return {"m": float(row["blocks"]), "k": float(row["visits"]), "B": between, "W": (q * noise).sum()}


def two_moments(row: Row) -> dict[str, Any]:
    v, t = row["variance"], row["diversity"]
    covariance = lambda x, y: (x * y).mean() - x.mean() * y.mean()  # noqa: E731
    return {
        "V": v, "T": t, r"\alpha": row["alpha"], r"\beta": row["beta"], "E": np.mean, r"\mathrm{Cov}": covariance,
        r"\mathrm{Var}": np.var,
    }  # fmt: skip


def pool(row: Row) -> dict[str, Any]:
    v = row["pool"] * (1 - row["pool"])
    return {"E V": v.mean(), "V": v, r"\lambda": row["mixture"], r"\mathrm{CV}^2": v.var() / v.mean() ** 2,
            r"\mathrm{Var}": np.var}  # fmt: skip


def flow(row: Row) -> dict[str, Any]:
    facts = flow_facts(**{name: np.asarray(value)[None] for name, value in row.items()})
    return {
        r"\gamma": facts.rise[0],
        r"G_{\max}": facts.score_norm[0],
        r"\lambda": max(facts.kl_weight[0], 1e-6),
        r"E_x\mathrm{Var}_0": facts.variance[0],
        r"\mathrm{Var}_0": facts.variance[0],
        "|S|": 1.0,
        "L": 1.0,
        "J": np.sqrt(0.5),
    }


def flow_or_penalty(row: Row) -> dict[str, Any]:
    """Letters with a penalty that decides, which no instance has, for ways beyond the half."""
    return flow(row) | ({r"\lambda": 100.0, "L": 3.0} if row["way"] > 0.5 else {})


def their_time(claim: Claim, row: Row, names: Mapping[str, Any]) -> Any:
    if row["way"] <= 0.5:
        return right(claim, row, names)
    arguments = (names[r"\gamma"], names["J"], 3, names[r"\mathrm{Var}_0"])
    return razin_time_bound(*arguments, kl_weight=names[r"\lambda"])


def tokens(row: Row) -> dict[str, Any]:
    one = {name: np.asarray(value)[None] for name, value in row.items()}
    length = sequences.mean_length(one["theta"], one["features"], one["end"])[0]
    return {
        r"\gamma": sequences.jacobian_norm(one["features"])[0], "L": length, "E[T]": length,
        r"\mathrm{STD}(R)": sequences.reward_deviation(**one)[0],
    }  # fmt: skip


def prompts(row: Row) -> dict[str, Any]:
    v, a, c = pool_moments(row["probs"], row["rewards"])
    return {"v": v, "a": a, "c": c, "B": row["budget"], "G": row["group"]}


def best_group(claim: Claim, row: Row, names: Mapping[str, Any]) -> Any:
    found = minimize_scalar(
        lambda size: left(claim, {**row, "group": size}, names), bounds=(1.01, 100), options={"xatol": 1e-9}
    )
    return found.x


def sums(row: Row) -> dict[str, Any]:
    """Letters of a pool with scores and transfers, of rollouts and noise."""
    total = Prefix(lambda values: values.sum())
    letters: dict[str, Any] = {r"\sum_x": total}
    if "noise" in row:
        return letters | {"a_x": row["noise"], "n_x": row["rollouts"]}
    if "score" in row:
        s, t = row["score"], row["transfer"]
    else:
        s = row["rates"] * (1 - row["rates"])
        held = row["held_rates"] * (1 - row["held_rates"])
        inner = (s[:, None] * row["features"]) @ (held[:, None] * row["held_features"]).T
        t = inner.mean(-1)
        letters |= {
            r"\sum_x\sum_y": total, r"\langle g_x,g_y\rangle": inner.T, "m": float(len(held)),
            "p_x": row["rates"],
        }  # fmt: skip
    gain = np.cov(s, t, ddof=0)[0, 1] / (s.mean() * t.mean())
    letters |= {
        "s_x": s, "t_x": t, r"\sum s": s.sum(), "n": float(len(s)), r"\bar s": s.mean(),
        r"\bar t": t.mean(), r"\sigma_s": s.std(), r"\sigma_t": t.std(), r"\mathrm{corr}(s,t)": np.corrcoef(s, t)[0, 1],
        "c": gain, "s": s,
    }  # fmt: skip
    return letters | {"share": row.get("part")}


def threshold(claim: Claim, row: Row, names: Mapping[str, Any]) -> Any:
    """The step at which the promised odds are those before, from the odds promised for a step of 1."""
    odds = names["p"] / (1 - names["p"])
    lost = names[r"\gamma"] - np.log(right(claim, {**row, "step": 1.0}, names) / odds)
    return names[r"\gamma"] / lost
