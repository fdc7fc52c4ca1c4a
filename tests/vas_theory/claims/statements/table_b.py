"""Readings of the sharp statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.special import hyp1f1

from tests.vas_theory.claims.statements import groups, policies, pools
from tests.vas_theory.claims.statements.reading import (
    ETA,
    GRADIENT,
    P_Q,
    PUSH,
    Reading,
    Row,
    left,
    named,
    right,
)
from vas_theory.bounds import (
    kappa,
    one_sample_step_gain,
    one_sample_step_limit,
)
from vas_theory.claims.b25_one_sample_step import _IMPROVED_STEP
from vas_theory.groups import arcsine_gain, expected_group_std

__all__ = ["SHARP"]

HALF = Reading(
    "{1/2}",
    lambda claim, row, names: 0.5 if np.isclose(left(claim, row, names), groups.at_half(claim, row, names)) else np.nan,
)
SIGNAL = Reading(r"\frac{\|E\hat g\|^2}{E\|\hat g\|^2}")

SHARP: dict[str, tuple[Callable[[Row], Mapping[str, Any]], list[Reading]]] = {
    "B01": (
        policies.scored,
        [GRADIENT, Reading(r"\mathrm{Var}^2\,\|E[g\mid 1]-E[g\mid 0]\|^2")],
    ),
    "B03": (policies.bandit, [PUSH, Reading(r"q^2\Bigl(\frac1{N_c}+\frac1{N_w}\Bigr)"), P_Q]),
    "B04": (policies.scored, [GRADIENT, Reading(r"\lambda_{\min}^{+}(F)\,R^2\,\mathrm{Var}")]),
    "B06": (pools.tokens, [Reading(r"\gamma\sqrt{L/2}\;\mathrm{STD}(R)")]),
    "B07": (policies.bandit, [Reading(r"\frac{\Delta}{3\sqrt3}")]),
    "B08": (
        policies.bandit,
        [
            Reading(
                r"\eta\,\|\nabla V\|^2\max\Big(1-\tfrac{\eta\Delta}{6\sqrt3},\;\tfrac{e^{-s}(1-e^{-s})}{s}\Big)",
                given={"s": r"\tfrac{\eta\Delta}{4}"},
            )
        ],
    ),
    "B09": (
        groups.gain_of_rate,
        [
            Reading(r"E\Big[\frac{G-1}{\sqrt{(J+1)(G-1-J)}}\Big]", lambda claim, row, names: names["w_G"](names["p"])),
            Reading(r"\frac{E\,\hat\sigma}{p(1-p)}", lambda claim, row, names: names["w_G"](names["p"])),
            Reading(r"G-2", lambda claim, row, names: float(len(names["J"]) - 1)),
        ],
    ),
    "B10": (
        groups.classes,
        [
            Reading(
                r"\frac{M-\|\nabla V\|^2}{G} + \frac{\mathrm{Var}\,\Gamma+\|\nabla V\|^2}{G(G-1)}",
                lambda claim, row, names: right(claim, row, names) - names[r"\|\nabla V\|"] ** 2,
            ),
            Reading(r"E\|g\|^2A^2", named("M")),
            Reading(r"E\|g\|^2", named(r"\Gamma")),
        ],
    ),
    "B11": (groups.rate, [SIGNAL, HALF]),
    "B12": (
        pools.pool,
        [
            Reading(r"E V\,(1+\lambda\,\mathrm{CV}^2)"),
            Reading(r"\mathrm{Var}(V)/(E V)^2", named(r"\mathrm{CV}^2")),
        ],
    ),
    "B13": (
        lambda row: {"p": 0.3},
        [
            Reading(r"p(1-p)", lambda claim, row, names: 0.3 - 0.09),
            Reading(r"\sqrt{p(1-p)}", lambda claim, row, names: 1 / arcsine_gain(0.3)),
            Reading(r"1/\sqrt{p(1-p)}", lambda claim, row, names: arcsine_gain(0.3)),
        ],
    ),
    "B14": (pools.flow, [Reading(r"\frac{1-e^{-\gamma}}{G_{\max}^2\sqrt{E_x\mathrm{Var}_0}}")]),
    "B15": (policies.scored, [GRADIENT]),
    "B16": (policies.bandit, [Reading(r"v\sqrt{\frac{K}{\lfloor K/2\rfloor\lceil K/2\rceil}}")]),
    "B17": (policies.bandit, [Reading(r"\sqrt{\mathrm{Var}/2}")]),
    "B18": (policies.bandit, [Reading(r"\sqrt2\,\mathrm{Var}")]),
    "B19": (policies.bandit, [Reading(r"\frac{2\,\mathrm{Var}}{\Delta}")]),
    "B20": (policies.bandit, [PUSH]),
    "B21": (policies.bandit, [PUSH, Reading(r"\pi_{\min}\,\mathrm{Var}")]),
    "B22": (
        policies.bandit,
        [
            PUSH,
            Reading(r"q^2\Bigl(\tfrac1m+\tfrac1n\Bigr)"),
            Reading(
                r"\tfrac{(1-p)^2}{m}S_C+\tfrac{p^2}{n}S_W",
                lambda claim, row, names: left(claim, row, names) - right(claim, row, names),
            ),
        ],
    ),
    "B23": (policies.scored, [GRADIENT, Reading(r"\lambda_{\max}(F)\,R^2\,\mathrm{Var}")]),
    "B24": (policies.scored, [Reading(r"R^2\,\mathrm{Var}")]),
    "B25": (
        policies.bandit_by_rho,
        [
            Reading(r"\frac{0.1724}{\rho}", lambda claim, row, names: float(one_sample_step_limit(names[r"\rho"]))),
            Reading(r"\tfrac{\eta}{2}\|\nabla V\|^2"),
            Reading(
                r"\frac{\eta\,\mathrm{Var}^2}{2\rho^2}",
                lambda claim, row, names: float(one_sample_step_gain(names[ETA], names["v"], names[r"\rho"])),
            ),
        ],
    ),
    "B26": (
        policies.rare_failure,
        [
            Reading(r"\frac{0.1724}{\rho}", lambda claim, row, names: float(one_sample_step_limit(names[r"\rho"]))),
            Reading(r"\tfrac{\eta}{2}\|\nabla V\|^2"),
        ],
    ),
    "B27": (
        policies.bandit,
        [
            Reading(
                r"\eta\big(1-\tfrac1G\big)\|\nabla V\|^2\Big[1-\tfrac{\kappa\eta\rho}{4}\,"
                r"e^{\kappa\eta\Delta/(2\sqrt2)}\Big]"
            )
        ],
    ),
    "B28": (
        policies.bandit,
        [Reading(r"\eta\,w_G\|\nabla V\|^2\Big[1-\frac{\kappa\eta G\rho\,e^{\kappa\eta/\sqrt2}}{4 w_G}\Big]")],
    ),
    "B29": (
        groups.rate,
        [
            Reading(r"w_G(\tfrac12)"),
            Reading(r"w_G(1-p)", left),
            Reading(r"w_G(0)", lambda claim, row, names: np.sqrt(names["G"] - 1)),
            Reading(r"w_G(1)", lambda claim, row, names: np.sqrt(names["G"] - 1)),
            Reading(r"\sqrt{G-1}", lambda claim, row, names: names["w_G"](0.0)),
        ],
    ),
    "B30": (
        groups.rate_and_gain,
        [
            P_Q,
            Reading(
                r"p(1-p)\,w_G",
                lambda claim, row, names: expected_group_std(row["pass_rate"], int(row["group_size"])),
            ),
            Reading(r"\sqrt{x(1-x)}", lambda claim, row, names: np.std([1, 0, 0, 0])),
        ],
    ),
    "B31": (groups.rate, [Reading(r"\frac{G-1}{\sqrt{(G-2)(G-3)\,p(1-p)+G-1}}")]),
    "B32": (
        groups.rate_and_limit,
        [
            Reading(r"\sqrt{\frac{G-1}{G\,p(1-p)}}"),
            Reading(
                r"w_G(p)\sqrt{p(1-p)}",
                lambda claim, row, names: 1.0,
                where=lambda row: 0.1 < row["pass_rate"] < 0.9,
                tolerance=1e-3,
            ),
        ],
    ),
    "B33": (
        groups.classes,
        [Reading(r"\big(1-\tfrac1G\big)qD + \tfrac1G\big[\tau_1(1-p)(1-(1-p)^{G-1})+\tau_0\,p\,(1-p^{G-1})\big]")],
    ),
    "B34": (
        groups.classes,
        [Reading(r"\frac{q(G-1)}{G^3}\Big[D\big((G-1)+(G-2)(G-3)q\big)+\tau_1((G-2)(1-p)+1)+\tau_0((G-2)p+1)\Big]")],
    ),
    "B46": (
        lambda row: {"y": float(kappa()) ** 2, r"\kappa": float(kappa())},
        [
            Reading(r"10y^3-38y^2+30y-1", lambda claim, row, names: 0.0),
            Reading(r"\kappa^2", named("y")),
        ],
    ),
    "B47": (pools.tokens, [Reading(r"\gamma\sqrt{E[T]/2}\;\mathrm{STD}(R)")]),
    "B50": (groups.beta_prior, [Reading(r"\frac{(a+1)(b+1)\,s(s+1)}{ab\,(s+2)(s+3)}")]),
    "B51": (
        groups.beta_prior,
        [
            Reading(r"\frac{(N-2)(N-3)+(N-1)/m}{N^2}"),
            Reading(r"1+\frac1{N^2}", groups.uniform_prior),
        ],
    ),
    "B53": (
        pools.flow,
        [Reading(r"\frac{2\,(1-e^{-\arcsin(\gamma/2)})}{G_{\max}^2\sqrt{E_x\mathrm{Var}_0}}")],
    ),
    "B54": (
        policies.bandit_by_rho,
        [
            Reading(
                r"\eta\|\nabla V\|^2\Big(1-\frac{e^x-1-x}{x}\Big)",
                given={"x": r"2\kappa\eta\rho"},
            ),
            Reading(r"0.2318", lambda claim, row, names: _IMPROVED_STEP),
        ],
    ),
    "B55": (
        policies.with_kernel,
        [
            Reading(
                r"\eta\,w_G\|\nabla V\|^2\Big[1-\frac{2\kappa\eta\rho}{w_G}\big(1-\tfrac1G\big)"
                r"\varphi\big(\tfrac{\kappa\eta}{\sqrt2}\big)\Big]"
            ),
            Reading(r"\frac{e^x-1-x}{x^2}", lambda claim, row, names: float(hyp1f1(1, 3, names["x"]) / 2)),
        ],
    ),
    "B57": (groups.rate, [SIGNAL, HALF]),
    "B58": (
        groups.without_whitening,
        [
            SIGNAL,
            Reading(r"\frac{G(G-1)\,qD}{D((G-1)+(G-2)(G-3)q)+G\tau}"),
        ],
    ),
    "B59": (pools.flow, [Reading(r"\frac{1-e^{-\gamma}}{G_{\max}^2\,(E_x\mathrm{Var}_0)^{3/4}}")]),
}
