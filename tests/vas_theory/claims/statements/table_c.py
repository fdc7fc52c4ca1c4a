"""Readings of later statements and of those of the literature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tests.vas_theory.claims.statements import groups, policies, pools
from tests.vas_theory.claims.statements.reading import (
    Reading,
    Row,
    left,
    named,
    right,
)
from vas_theory.bounds import (
    mei_smoothness,
)
from vas_theory.claims.c09_shaped_reward import _FORMAT_WEIGHT, _OUTCOME_WEIGHT
from vas_theory.claims.c18_fixed_rate import returning_rate
from vas_theory.potentials import whitened_limit_potential

__all__ = ["LATER"]

LATER: dict[str, tuple[Callable[[Row], Mapping[str, Any]], list[Reading]]] = {
    "C02": (
        groups.rate,
        [
            Reading(r"\frac{p-p^G}{1-p^G-(1-p)^G}"),
            Reading(r"\tfrac12", lambda claim, row, names: right(claim, {**row, "pass_rate": 0.5}, names)),
        ],
    ),
    "C03": (
        pools.prompts,
        [
            Reading(r"\frac GB\Big(v+\frac aG+\frac c{G(G-1)}\Big)", left),
            Reading(r"\frac{v+a+2\sqrt{vc}}B"),
            Reading(
                r"1+\sqrt{c/v}",
                pools.best_group,
                tolerance=1e-5,
            ),
        ],
    ),
    "C04": (
        groups.sum_of_passes,
        [
            Reading(r"\frac{1-(1-p)^G}{p}\,\nabla p"),
            Reading(r"1-(1-p)^k", groups.pass_at_three),
            Reading(
                r"\frac{1-(1-p)^G}{p}",
                groups.slope_of_passes,
                where=lambda row: (row["probs"] * row["rewards"]).sum() > 1e-3,  # below, the quotient loses digits
            ),
        ],
    ),
    "C05": (groups.rate, [Reading(r"(1-\varepsilon)^G-(p-\varepsilon)^G-(1-p)^G")]),
    "C06": (pools.sums, [Reading(r"\frac{\big(\sum_x\sqrt{a_x}\big)^2}{\sum_x n_x}")]),
    "C07": (
        policies.moved,
        [
            Reading(r"\frac{p^+}{1-p^+}", left),
            Reading(r"\frac{p}{1-p}\,e^{\eta\gamma-(\eta D)^2/8}"),
            Reading(r"\frac{8\gamma}{D^2}", pools.threshold, where=lambda row: row["width"] > 0),
        ],
    ),
    "C08": (policies.bandit, [Reading(r"\big(1-e^{-1/\beta}\big)\,p(1-p)")]),
    "C09": (
        policies.shaped,
        [
            Reading(
                r"\tfrac9{10}R+\tfrac1{10}F",
                lambda claim, row, names: float(_OUTCOME_WEIGHT) * names["R"] + float(_FORMAT_WEIGHT) * names["F"],
            )
        ],
    ),
    "C10": (
        pools.sums,
        [
            Reading(r"\sum_x\Big(\frac{s_x}{\sum s}-\frac1n\Big)t_x", left),
            Reading(r"\frac1{nm\bar s}\sum_x\sum_y(s_x-\bar s)\langle g_x,g_y\rangle"),
        ],
    ),
    "C11": (
        pools.visits,
        [
            Reading(
                r"\frac1{mk}",
                left,
                then=lambda names, share: (
                    share**2 * names["m"] * (names["k"] ** 2 * names["B"] + names["k"] * names["W"])
                ),
            ),
            Reading(r"\frac{k\,B+W}{mk}"),
        ],
    ),
    "C12": (
        pools.sums,
        [
            Reading(r"\frac{\sum_x s_x t_x/\sum s}{\frac1n\sum_x t_x}", left),
            Reading(r"1+\mathrm{corr}(s,t)\,\frac{\sigma_s}{\bar s}\,\frac{\sigma_t}{\bar t}"),
        ],
    ),
    "C13": (
        policies.shaped,
        [
            Reading(r"(1-a)\,\sigma_F"),
            Reading(
                r"aR+(1-a)F",
                left,
                then=lambda names, mixed: abs(names["spread"](mixed) - names["a"] * names[r"\sigma_R"]),
            ),
        ],
    ),
    "C14": (
        pools.sums,
        [Reading(r"\frac1n\sum_x t_x"), Reading(r"p_x(1-p_x)", named("s_x"))],
    ),
    "C15": (
        pools.sums,
        [
            Reading(
                r"(1-f)\sum_x\frac{s_x}{\sum s}\,t_x",
                left,
                given={"f": r"\frac{c}{1+c}"},
                times="share",
            ),
            Reading(r"\frac1n\sum_x t_x"),
        ],
    ),
    "C16": (policies.bandit, [Reading(r"\frac{p(1-p)}{2\beta^2}")]),
    "C17": (policies.bandit, [Reading(r"\Big(\frac1\beta-1+e^{-1/\beta}\Big)\,p(1-p)")]),
    "C18": (
        policies.five_answers,
        [
            Reading(r"\frac{5\log 2}{p(1-p)}", lambda claim, row, names: returning_rate(np.asarray(row["level"]))),
            Reading(r"\frac{\eta}{2}", policies.rate_to_the_ridge),
        ],
    ),
    "C19": (
        policies.trained,
        [
            Reading(r"\frac{p_t}{1-p_t}", left),
            Reading(r"\frac{p_0}{1-p_0}+\frac{t\,\eta\,p_0^2}{m}"),
        ],
    ),
    "L01": (pools.tokens, [Reading(r"6L\gamma\,\mathrm{STD}(R)^{2/3}")]),
    "L02": (
        pools.flow_or_penalty,
        [
            Reading(
                r"\frac{\min\big(1-e^{-\gamma/9},\,1-e^{-7/(3\lambda)}\big)}{8L^2J^2}\,\big(E_x\mathrm{Var}_0\big)^{-1/3}",
                pools.their_time,
            )
        ],
    ),
    "L03": (policies.bandit, [Reading("2.5", lambda claim, row, names: float(mei_smoothness(1.0)))]),
    "L05": (
        groups.incomplete,
        [
            Reading(r"\frac1M\sum_{s=0}^{M-1}(b_s-a_s)\,I_t(s+1,M-s)", groups.their_gain),
            Reading(
                r"2\arcsin\sqrt t", lambda claim, row, names: whitened_limit_potential(row["pass_rate"], "uniform")
            ),
        ],
    ),
    "L06": (pools.flow, [Reading(r"\frac{2|S|\,(1-e^{-\gamma/2})}{\sqrt{\mathrm{Var}_0}}")]),
}
