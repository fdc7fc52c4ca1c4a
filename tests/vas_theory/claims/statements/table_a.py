"""Readings of the paper's statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tests.vas_theory.claims.statements import groups, policies, pools
from tests.vas_theory.claims.statements.latex import evaluated
from tests.vas_theory.claims.statements.reading import (
    ETA,
    GRADIENT,
    Reading,
    Row,
    left,
    named,
    right,
)

__all__ = ["PAPER"]

QUARTER = Reading(r"\frac{\eta\,c_{\min}}4\,\mathrm{Var}[R]", given={ETA: r"\frac{c_{\min}}{4L\Gamma}"}, times="share")
QUARTER_OF_APPENDIX = Reading(
    r"\frac{\eta\,c_{\min}}4\,\mathrm{Var}[R]", given={ETA: r"\frac{c_{\min}}{4L}"}, times="share"
)

PAPER: dict[str, tuple[Callable[[Row], Mapping[str, Any]], list[Reading]]] = {
    "A03": (policies.scored, [Reading(r"G_{\max}^2\,\mathrm{Var}[R]")]),
    "A06": (policies.one_feature, [GRADIENT]),
    "A07": (policies.tabular_step, [QUARTER]),
    "A08": (policies.quadratic, [QUARTER]),
    "A09": (policies.quadratic, [QUARTER_OF_APPENDIX]),
    "A10": (policies.penalised, [Reading(r"\|\nabla J_\beta\|^2", left)]),
    "A11": (pools.chains, [Reading(r"E[p_Z(1-p_Z)]+\mathrm{Var}[p_Z]")]),
    "A12": (pools.chains, [Reading(r"E[p_Z(1-p_Z)]")]),
    "A13": (pools.chains, [Reading(r"\tfrac{L^2}{4}\,E\,d(Z,Z')^2")]),
    "A15": (
        policies.with_group_sum,
        [
            Reading(r"\|\nabla J\|^2"),
            Reading(r"\frac1G", left, then=lambda names, share: share * names["group sum"]),
        ],
    ),
    "A16": (policies.two_bandits, [Reading(r"\|\nabla J_x\|^2", left), Reading(r"\|\nabla J_y\|^2")]),
    "A17": (policies.scored, [Reading(r"G_{\max}^2\,\mathrm{Var}[R]")]),
    "A21": (
        pools.chains,
        [
            Reading(r"\alpha\tfrac{K}{K-1}\mathrm{OVS}_K+\beta\,\mathrm{TDS}_K", left),
            Reading(r"\alpha P(1-P)+\beta\,E\,d(Z,Z')^2"),
        ],
    ),
    "A22": (
        policies.scored,
        [
            Reading(r"\mathrm{tr}\,\mathrm{Var}[G]+\|\nabla J\|^2", left),
            Reading(r"\mathrm{Var}[R]\,\Gamma+\mathrm{Cov}\big(\|g\|^2,(R-E R)^2\big)"),
        ],
    ),
    "A23": (
        policies.scored,
        [
            Reading(r"E\|G_b\|^2", left),
            Reading(r"E\|G_{b^*}\|^2+\Gamma\,(b-b^*)^2"),
            Reading(r"\frac{E[\|g\|^2R]}{\Gamma}", named("b^*")),
            Reading(
                r"\Gamma\,(E R-b^*)^2",
                lambda claim, row, names: evaluated(r"\frac{\mathrm{Cov}(\|g\|^2,R)^2}{\Gamma}", names),
            ),
            Reading(
                r"\frac{\mathrm{Cov}(\|g\|^2,R)^2}{\Gamma}",
                lambda claim, row, names: names[r"\Gamma"] * (names["E R"] - names["b^*"]) ** 2,
            ),
        ],
    ),
    "A24": (policies.scored, [Reading(r"E[gg^\top(R-E R)^2]", left)]),
    "A25": (policies.direction, [Reading(r"\pi_{\min}\,\|u\|^2")]),
    "A26": (policies.any_direction, [Reading(r"\tfrac12\,\|u\|^2")]),
    "A27": (
        policies.scored,
        [
            Reading(r"\min(p,1-p)\,G_{\max}"),
            Reading(
                r"G_{\max}^2\tfrac{\min(p,1-p)}{\max(p,1-p)}",
                lambda claim, row, names: right(claim, row, names) ** 2 / names[r"\mathrm{Var}"],
            ),
        ],
    ),
    "A28": (
        policies.scored,
        [Reading(r"\tfrac78\,\eta\,c\,\mathrm{Var}[R]", given={ETA: r"\frac{c}{4L\Gamma}"}, times="share")],
    ),
    "A29": (policies.sine, [QUARTER]),
    "A30": (policies.square, [QUARTER]),
    "A31": (
        policies.scored,
        [
            Reading(r"\tfrac{\eta}2\,\|\nabla J\|^2", given={ETA: r"\frac{\|\nabla J\|^2}{L\,M}"}, times="share"),
            Reading(r"E\,\|g\|^2(R-E R)^2", named("M")),
        ],
    ),
    "A32": (
        policies.sigmoid,
        [
            Reading(r"\frac{c_{\min}}{4L}", lambda claim, row, names: 3 * np.sqrt(3) / 8),  # the longest step drawn
            Reading(r"\frac{\eta\,c_{\min}}4\,\mathrm{Var}[R]"),
        ],
    ),
    "A33": (
        policies.scored,
        [Reading(r"\tfrac34\,\eta\,c\,\mathrm{Var}[R]", given={ETA: r"\frac{c}{2L(c+d\,G_{\max}^2)}"}, times="share")],
    ),
    "A35": (groups.rate, [Reading(r"\frac{K-1}{K}\,P(1-P)")]),
    "A36": (pools.chains, [Reading(r"\tfrac{L^2}{2}\,E\,d(Z,Z')^2")]),
    "A37": (pools.chains, [Reading(r"\tfrac{l^2}{2}\,E\,d(Z,Z')^2")]),
    "A38": (
        pools.two_moments,
        [
            Reading(
                r"\frac{E[V^2]}{E[V]}+\frac{\beta E[T]}{E[\alpha V+\beta T]}\Big(\frac{\mathrm{Cov}(V,T)}{E[T]}-"
                r"\frac{\mathrm{Var}(V)}{E[V]}\Big)"
            )
        ],
    ),
    "A39": (policies.scored, [Reading(r"G_{\max}^2\big(\mathrm{Var}[R]+(E R-b)^2\big)")]),
    "A42": (policies.bandit, [Reading(r"\|\nabla J\|^2\,\frac{1-e^{-2\eta\Delta}}{2\Delta}")]),
    "A43": (
        policies.bandit,
        [
            Reading(
                r"\frac{1-e^{-s}}{s}\,\eta c\,\mathrm{Var}[R]",
                given={
                    "c": r"\frac{\|\nabla J\|^2}{\mathrm{Var}[R]}",
                    "L": r"\frac{\Delta}{3\sqrt3}",
                    "s": r"\frac{3\sqrt3}2",
                    ETA: r"\frac{c}{4L\Gamma}",
                },
                times="share",
            )
        ],
    ),
}
