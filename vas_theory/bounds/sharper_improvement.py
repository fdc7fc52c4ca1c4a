r"""Stronger forms of three bounds of :mod:`vas_theory.bounds.improvement`: kernels in place of rounded constants.

Steps move the logits of a tabular softmax. Norms are l2. :math:`\kappa` is the least constant with
:math:`|H| \le \kappa |\nabla V|`, and :math:`\varphi(x) = (e^x - 1 - x)/x^2` the remainder of Taylor's formula.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.arguments import as_group_size
from vas_theory.groups.pass_rate_laws import group_gain
from vas_theory.policy.curvature import kappa

__all__ = ["sharper_improvement_time_bound", "sharper_one_sample_step_gain", "sharper_whitened_step_gain"]

Array = NDArray[np.float64]


def _kernel(x: NDArray[Any]) -> Array:
    """Return phi as a confluent hypergeometric function, which does not cancel near 0."""
    from scipy.special import hyp1f1

    kernel: Array = hyp1f1(1, 3, x) / 2
    return kernel


def sharper_one_sample_step_gain(eta: ArrayLike, gradient_square: ArrayLike, centred_norm: ArrayLike) -> Array:
    r"""Return a lower bound on the expected gain of a one-sample update, for every step length.

    .. math:: \eta |\nabla V|^2 (1 - x \varphi(x)), \qquad x = 2 \kappa \eta \rho

    The update is :math:`\eta A_y (e_y - \pi)` with the baseline :math:`\pi \cdot r`.

    Args:
        eta: (...) step size, > 0.
        gradient_square: (...) squared gradient norm.
        centred_norm: (...) :math:`\rho`, see :func:`vas_theory.bounds.gradient.centred_reward_norm`.

    Returns:
        (...) bounds; negative beyond the step lengths for which anything is guaranteed.

    Source:
        Claim B54.
    """
    step, square, rho = (np.asarray(values, dtype=np.float64) for values in (eta, gradient_square, centred_norm))
    x = 2 * float(kappa()) * step * rho
    bound: Array = step * square * (1 - x * _kernel(x))
    return bound


def sharper_whitened_step_gain(
    eta: ArrayLike, gradient_square: ArrayLike, pass_rate: ArrayLike, centred_norm: ArrayLike, group_size: int
) -> Array:
    r"""Return a lower bound on the expected gain of a whitened update whose loss does not grow with the group.

    .. math:: \eta |\nabla p|^2 \left[w_G - 2 \kappa \eta \rho \left(1 - \tfrac1G\right)
              \varphi\!\left(\tfrac{\kappa \eta}{\sqrt 2}\right)\right]

    Binary rewards, population deviation, eps 0.

    Args:
        eta: (...) step size, > 0.
        gradient_square: (...) squared norm of the pass rate's gradient.
        pass_rate: (...) p.
        centred_norm: (...) :math:`\rho`.
        group_size: G >= 2.

    Returns:
        (...) bounds.

    Source:
        Claim B55.
    """
    size = as_group_size(group_size)
    step, square, rho = (np.asarray(values, dtype=np.float64) for values in (eta, gradient_square, centred_norm))
    constant = float(kappa())
    lost = 2 * constant * step * rho * (1 - 1 / size) * _kernel(constant * step / np.sqrt(2.0))
    bound: Array = step * square * (group_gain(pass_rate, size) - lost)
    return bound


def sharper_improvement_time_bound(gamma: ArrayLike, score_norm: ArrayLike, expected_variance: ArrayLike) -> Array:
    r"""Return a lower bound on the time gradient flow takes to raise an expected reward by gamma.

    .. math:: t \ge \frac{2 (1 - e^{-\arcsin(\gamma / 2)})}{G_{\max}^2 \sqrt{E\,\mathrm{Var}_0}}

    Args:
        gamma: (...) rise of the target reward's mean, in [0, 2].
        score_norm: (...) largest norm of the score function on the way.
        expected_variance: (...) reward variance at the start, mean over the prompts, > 0.

    Returns:
        (...) times.

    Source:
        Claim B53.
    """
    rise, norm, variance = (np.asarray(values, dtype=np.float64) for values in (gamma, score_norm, expected_variance))
    bound: Array = -2 * np.expm1(-np.arcsin(rise / 2)) / (norm**2 * np.sqrt(variance))
    return bound
