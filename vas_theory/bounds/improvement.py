r"""Guaranteed improvement of a step, and the least time an improvement takes.

Steps move the logits of a tabular softmax by eta times an exact gradient or an estimate of it. Norms are l2.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.arguments import as_group_size, check_ddof_eps, like, unify
from vas_theory.foundation.precision import exp, log, maximum, minimum, sqrt
from vas_theory.groups.pass_rate_laws import group_gain
from vas_theory.policy.curvature import kappa

__all__ = [
    "ONE_SAMPLE_STEP",
    "dr_grpo_step_gain",
    "exact_step_gain",
    "group_gain_bounds",
    "improvement_time_bound",
    "one_sample_step_gain",
    "one_sample_step_limit",
    "razin_time_bound",
    "stochastic_step_gain",
    "stochastic_step_limit",
    "whitened_step_gain",
]

ONE_SAMPLE_STEP = 0.1724
r"""Largest step of a one-sample update, in units of :math:`1/\rho`, that keeps half of the linear gain."""


def exact_step_gain(eta: ArrayLike, gradient_square: ArrayLike, reward_range: ArrayLike) -> NDArray[Any]:
    r"""Return a lower bound on the gain of an exact gradient step, for every eta > 0.

    .. math:: \eta |\nabla V|^2 \max\!\left(1 - \frac{\eta \Delta}{6 \sqrt 3},\
              \frac{e^{-s} (1 - e^{-s})}{s}\right), \qquad s = \frac{\eta \Delta}{4}

    The first branch is larger up to :math:`\eta \Delta = 10.09`.

    Args:
        eta: (...) step size, > 0.
        gradient_square: (...) squared gradient norm.
        reward_range: (...) :math:`\Delta` > 0.

    Returns:
        (...) bounds.
    """
    step, square, delta = unify(eta, gradient_square, reward_range)
    s = step * delta / 4
    fade, root, s = unify(exp(-s), sqrt(like([108], s)), s)
    near = 1 - 4 * s / root[0]
    return step * square * maximum(near, fade * (1 - fade) / s)


def one_sample_step_limit(centred_norm: ArrayLike) -> NDArray[Any]:
    r"""Return the step size up to which a one-sample update keeps half of its linear gain, :math:`.1724 / \rho`.

    Args:
        centred_norm: (...) :math:`\rho`, see :func:`vas_theory.bounds.gradient.centred_reward_norm`.

    Returns:
        (...) step sizes.
    """
    (rho,) = unify(centred_norm)
    return ONE_SAMPLE_STEP / rho


def one_sample_step_gain(eta: ArrayLike, variance: ArrayLike, centred_norm: ArrayLike) -> NDArray[Any]:
    r"""Return a lower bound on the expected gain of a one-sample update, :math:`\eta \mathrm{Var}^2 / (2 \rho^2)`.

    The update is :math:`\eta A_y (e_y - \pi)` with the baseline :math:`\pi \cdot r` (not the unweighted mean),
    :math:`\eta` up to :func:`one_sample_step_limit`.

    Args:
        eta: (...) step size.
        variance: (...) reward variance.
        centred_norm: (...) :math:`\rho` > 0.

    Returns:
        (...) bounds.
    """
    step, v, rho = unify(eta, variance, centred_norm)
    bound: NDArray[Any] = step * v**2 / (2 * rho**2)
    return bound


def stochastic_step_limit(gradient_square: ArrayLike, second_moment: ArrayLike, smoothness: ArrayLike) -> NDArray[Any]:
    r"""Return the step size :math:`|\nabla J|^2 / (L M)` of an unbiased update with second moment M.

    Args:
        gradient_square: (...) squared gradient norm.
        second_moment: (...) M, the mean squared norm of the update's direction.
        smoothness: (...) L, a bound on the Hessian's spectral norm everywhere.

    Returns:
        (...) step sizes.
    """
    square, moment, constant = unify(gradient_square, second_moment, smoothness)
    return square / (constant * moment)


def stochastic_step_gain(
    eta: ArrayLike, gradient_square: ArrayLike, second_moment: ArrayLike, smoothness: ArrayLike
) -> NDArray[Any]:
    r"""Return a lower bound on the expected gain of an unbiased update, :math:`\eta |\nabla J|^2 - \eta^2 L M / 2`.

    Up to :func:`stochastic_step_limit` it is at least :math:`\eta |\nabla J|^2 / 2`.

    Args:
        eta: (...) step size.
        gradient_square: (...) squared gradient norm.
        second_moment: (...) M, the mean squared norm of the update's direction.
        smoothness: (...) L, a bound on the Hessian's spectral norm everywhere.

    Returns:
        (...) bounds.
    """
    step, square, moment, constant = unify(eta, gradient_square, second_moment, smoothness)
    bound: NDArray[Any] = step * square - step**2 * constant * moment / 2
    return bound


def dr_grpo_step_gain(
    eta: ArrayLike,
    gradient_square: ArrayLike,
    centred_norm: ArrayLike,
    reward_range: ArrayLike,
    group_size: int,
) -> NDArray[Any]:
    r"""Return a lower bound on the expected gain of a Dr.GRPO update.

    .. math:: \eta \left(1 - \tfrac1G\right) |\nabla V|^2
              \left[1 - \frac{\kappa \eta \rho}{4} \exp\frac{\kappa \eta \Delta}{2 \sqrt 2}\right]

    Args:
        eta: (...) step size.
        gradient_square: (...) squared gradient norm.
        centred_norm: (...) :math:`\rho`.
        reward_range: (...) :math:`\Delta`.
        group_size: G >= 2.

    Returns:
        (...) bounds.
    """
    size = as_group_size(group_size)
    step, square, rho, delta, constant = _with_kappa(eta, gradient_square, centred_norm, reward_range)
    root = sqrt(like([8], step))[0]
    bound: NDArray[Any] = (
        step * square * (size - 1) / size * (1 - constant * step * rho / 4 * exp(constant * step * delta / root))
    )
    return bound


def whitened_step_gain(
    eta: ArrayLike,
    gradient_square: ArrayLike,
    pass_rate: ArrayLike,
    centred_norm: ArrayLike,
    group_size: int,
) -> NDArray[Any]:
    r"""Return a lower bound on the expected gain of a whitened update (population deviation, eps 0, binary rewards).

    .. math:: \eta w_G |\nabla p|^2
              \left[1 - \frac{\kappa \eta G \rho}{4 w_G} \exp\frac{\kappa \eta}{\sqrt 2}\right]

    Args:
        eta: (...) step size.
        gradient_square: (...) squared norm of the pass rate's gradient.
        pass_rate: (...) p.
        centred_norm: (...) :math:`\rho`.
        group_size: G >= 2.

    Returns:
        (...) bounds.
    """
    size = as_group_size(group_size)
    step, square, p, rho, constant = _with_kappa(eta, gradient_square, pass_rate, centred_norm)
    root = sqrt(like([2], step))[0]
    gain = group_gain(p, size)
    loss = constant * step * size * rho / 4 * exp(constant * step / root)
    bound: NDArray[Any] = step * square * (gain - loss)
    return bound


def _with_kappa(*values: ArrayLike) -> list[NDArray[Any]]:
    """Bring the values and kappa to one arithmetic; exact fractions become multiprecision numbers."""
    arrays = unify(*values)
    constant = kappa()
    return unify(*arrays, constant if any(array.dtype == object for array in arrays) else float(constant))


def group_gain_bounds(p: ArrayLike, group_size: int, *, ddof: int = 0) -> tuple[NDArray[Any], NDArray[Any]]:
    r"""Return bounds on :func:`vas_theory.groups.group_gain` without eps, inside (0, 1).

    .. math:: \frac{G-1}{\sqrt{(G-2)(G-3) q + G - 1}} \le w_G \le \sqrt{\frac{G-1}{G q}}, \qquad q = p (1-p)

    With the sample deviation both are multiplied by :math:`\sqrt{(G-1)/G}`.

    Args:
        p: (...) pass rates in (0, 1).
        group_size: G >= 2.
        ddof: 0 or 1.

    Returns:
        Lower and upper bounds (...).
    """
    size = as_group_size(group_size)
    check_ddof_eps(ddof, 0.0)
    (rate,) = unify(p)
    q = rate * (1 - rate)
    below, above = (size - 2) * (size - 3) * q + size - 1, size * q
    if ddof:
        below, above = below * size, above * size
    return sqrt((size - 1) ** (2 + ddof) / below), sqrt((size - 1) ** (1 + ddof) / above)


def improvement_time_bound(gamma: ArrayLike, score_norm: ArrayLike, expected_variance: ArrayLike) -> NDArray[Any]:
    r"""Return a lower bound on the time gradient flow takes to raise an expected reward by gamma.

    .. math:: t \ge \frac{1 - e^{-\gamma}}{G_{\max}^2 \sqrt{E\,\mathrm{Var}_0}}

    The trained and the target reward lie in [-1, 1]; a KL penalty towards the initial policy of any weight is
    allowed. The exponent -1/2 of the initial variance cannot be improved.

    Args:
        gamma: (...) rise of the target reward's mean, >= 0.
        score_norm: (...) largest norm of the score function, G_max.
        expected_variance: (...) reward variance at the start, mean over the prompts, > 0.

    Returns:
        (...) times.
    """
    rise, norm, variance = unify(gamma, score_norm, expected_variance)
    top, bottom = unify(1 - exp(-rise), sqrt(variance))
    bound: NDArray[Any] = top / (norm**2 * bottom)
    return bound


def razin_time_bound(
    gamma: ArrayLike,
    jacobian_norm: ArrayLike,
    length: ArrayLike,
    expected_variance: ArrayLike,
    *,
    kl_weight: float = 0.0,
) -> NDArray[Any]:
    r"""Return the lower bound on that time of order :math:`(E\,\mathrm{Var}_0)^{-1/3}`.

    .. math:: t \ge \frac{\min(1 - e^{-\gamma/9},\ 1 - e^{-7/(3\lambda)})}{8 L^2 J^2} (E\,\mathrm{Var}_0)^{-1/3}

    Args:
        gamma: (...) rise of the target reward's mean, >= 0.
        jacobian_norm: (...) largest spectral norm J of a context's Jacobian of logits along the way.
        length: (...) largest number of tokens L.
        expected_variance: (...) reward variance at the start, mean over the prompts, > 0.
        kl_weight: weight lambda of the KL penalty, >= 0.

    Returns:
        (...) times.

    Source:
        Razin et al. 2503.15477, theorem 4 (appendix B.1).
    """
    rise, norm, tokens, variance = unify(gamma, jacobian_norm, length, expected_variance)
    share = 1 - exp(-rise / 9)
    if kl_weight > 0:
        share = minimum(share, 1 - exp(-7 / (3 * like([kl_weight], rise)[0])))
    top, root = unify(share, exp(-log(variance) / 3))
    bound: NDArray[Any] = top * root / (8 * tokens**2 * norm**2)
    return bound
