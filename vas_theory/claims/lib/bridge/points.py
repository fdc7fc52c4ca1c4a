"""Rational points at which the sides of claims are compared with their theorems, by kinds."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from vas_theory.claims.lib.base import Instance
from vas_theory.policy.softmax import AutoregressivePolicy

__all__ = ["POINTS"]

_SIZES = (2, 3, 5)
Draw = Callable[[random.Random], Iterator[Instance]]


def _row(values: Any) -> Any:
    """Return values, or one number, as an array with the axis of instances."""
    return np.array(values, dtype=object)[None]


def _probabilities(rng: random.Random, count: int) -> list[Fraction]:
    weights = [rng.randint(1, 9) for _ in range(count)]
    return [Fraction(weight, sum(weights)) for weight in weights]


def _rewards(rng: random.Random, count: int, binary: bool) -> list[Fraction]:
    """Return rewards that are not all equal: the first two arms differ."""
    if binary:
        return [Fraction(1), Fraction(0), *(Fraction(rng.randint(0, 1)) for _ in range(count - 2))]
    return [Fraction(7, 8), *(Fraction(rng.randint(0, 6), 7) for _ in range(count - 1))]


def _share(rng: random.Random) -> Fraction:
    return Fraction(rng.randint(1, 9), 10)


def _tabular(binary: bool = False, sizes: tuple[int, ...] = _SIZES) -> Draw:
    def draw(rng: random.Random) -> Iterator[Instance]:
        for count in sizes:
            yield {"probs": _row(_probabilities(rng, count)), "rewards": _row(_rewards(rng, count, binary))}

    return draw


def _softmax(binary: bool = False, sizes: tuple[int, ...] = (2, 3)) -> Draw:
    """Rational logits; ``probs`` is their softmax at 40 digits."""

    def draw(rng: random.Random) -> Iterator[Instance]:
        import mpmath

        for count in sizes:
            logits = [Fraction(rng.randint(-8, 8), 5) for _ in range(count)]
            weights = [mpmath.exp(mpmath.mpf(x.numerator) / x.denominator) for x in logits]
            yield {
                "logits": _row(logits),
                "probs": _row([weight / sum(weights) for weight in weights]),
                "rewards": _row(_rewards(rng, count, binary)),
            }

    return draw


def _scored(binary: bool = False, width: int = 2) -> Draw:
    """Policies over actions with a few features."""

    def draw(rng: random.Random) -> Iterator[Instance]:
        for count in (2, 3):
            entries = [Fraction(rng.randint(-3, 3), rng.randint(1, 3)) for _ in range(count * width)]
            features = [entries[row * width : (row + 1) * width] for row in range(count)]
            features[0][0] += 5  # never all scores zero
            instance = {"probs": _row(_probabilities(rng, count)), "features": _row(features)}
            yield {**instance, "rewards": _row(_rewards(rng, count, binary))}

    return draw


def _chains(rng: random.Random) -> Iterator[Instance]:
    for count in _SIZES:
        rates = _row([Fraction(rng.randint(0, 9), 9) for _ in range(count)])
        yield {"probs": _row(_probabilities(rng, count)), "chain_pass_rates": rates}


def _distances(rng: random.Random) -> Iterator[Instance]:
    for instance in _chains(rng):
        count = instance["probs"].shape[-1]
        half = np.array([[Fraction(rng.randint(1, 9), 4) for _ in range(count)] for _ in range(count)])
        symmetric = np.triu(half, 1) + np.triu(half, 1).T
        yield {
            **instance,
            "distances": _row(symmetric + Fraction(0)),
            "slope": np.array([Fraction(rng.randint(1, 5), 3)]),
        }


def _scored_chains(rng: random.Random) -> Iterator[Instance]:
    for instance, size in zip(_distances(rng), (3, 2), strict=False):
        yield {**instance, "alpha": np.array([_share(rng)], dtype=object), "rollouts": np.array([size])}


def _pool(rng: random.Random) -> Iterator[Instance]:
    for count in (1, *_SIZES):
        yield {"pool": _row([Fraction(rng.randint(1, 9), 10) for _ in range(count)])}


def _two_states(rng: random.Random) -> Iterator[Instance]:
    for count in _SIZES:
        yield {name: _row([Fraction(rng.randint(1, 9), 10) for _ in range(count)]) for name in ("start", "end")}


def _clipped(rng: random.Random) -> Iterator[Instance]:
    """Policies with an old one, a feature and a clip range; with them which arms are clipped and the largest score."""
    for instance in _tabular()(rng):
        p, r = instance["probs"][0], instance["rewards"][0]
        old = np.array(_probabilities(rng, len(p)), dtype=object)
        feature = np.array([Fraction(rng.randint(-6, 6), 2) for _ in p], dtype=object)
        clip = Fraction(1, 7)
        ratio, advantage, score = p / old, r - (old * r).sum(), feature - (p * feature).sum()
        over, under = (advantage > 0) & (ratio > 1 + clip), (advantage < 0) & (ratio < 1 - clip)
        arrays = {"old_probs": old, "feature": feature, "clipped": np.where(over | under, 1, 0) + Fraction(0)}
        yield {
            **instance,
            **{name: _row(values) for name, values in arrays.items()},
            "clip": np.array([clip]),
            "largest": np.array([max(abs(score))]),
        }


def _two_moments(rng: random.Random) -> Iterator[Instance]:
    for count in _SIZES:
        rates = [Fraction(rng.randint(1, 9), 10) for _ in range(count)]
        alpha = _share(rng)
        yield {
            "variance": _row([p * (1 - p) for p in rates]),
            "diversity": _row([Fraction(rng.randint(1, 9), 9) for _ in range(count)]),
            "alpha": np.array([alpha]),
            "beta": np.array([1 - alpha]),
        }


def _rates(sizes: tuple[int, ...]) -> Draw:
    def draw(rng: random.Random) -> Iterator[Instance]:
        for size in sizes:
            yield {"pass_rate": np.array([_share(rng)], dtype=object), "group_size": np.array([size])}

    return draw


def _beta_prior(rng: random.Random) -> Iterator[Instance]:
    for size in (2, 3, 5):
        a, b = (np.array([Fraction(rng.randint(1, 9), 4)], dtype=object) for _ in "ab")
        yield {"a": a, "b": b, "rollouts": np.array([size])}


def _with(draw: Draw, **extra: Callable[[random.Random], Any]) -> Draw:
    """Return the points with further numbers."""

    def extended(rng: random.Random) -> Iterator[Instance]:
        for instance in draw(rng):
            drawn = {name: np.array([value(rng)], dtype=object) for name, value in extra.items()}
            yield {**instance, **drawn}

    return extended


def _with_vector(draw: Draw, name: str, entry: Callable[[random.Random], Fraction], *, centred: bool = False) -> Draw:
    """Return the points with one more number an arm."""

    def extended(rng: random.Random) -> Iterator[Instance]:
        for instance in draw(rng):
            count = instance["rewards"].shape[-1]
            values = [entry(rng) for _ in range(count)]
            if centred:
                values = [value - Fraction(sum(values), count) for value in values]
            yield {**instance, name: _row(values)}

    return extended


def _groups(draw: Draw, sizes: tuple[int, ...]) -> Draw:
    """Return the points with a group size, kept small: a group is summed over all its draws."""

    def extended(rng: random.Random) -> Iterator[Instance]:
        for instance, size in zip(draw(rng), sizes, strict=False):
            yield {**instance, "group_size": np.array([size])}

    return extended


def _chances(draw: Draw) -> Draw:
    """Return the points with the probabilities under another name, for theorems whose p is the pass rate."""

    def renamed(rng: random.Random) -> Iterator[Instance]:
        for instance in draw(rng):
            yield {"chance" if name == "probs" else name: values for name, values in instance.items()}

    return renamed


def _signed(rng: random.Random) -> Fraction:
    return Fraction(rng.randint(-9, 9), 4)


def _moved(rng: random.Random) -> Iterator[Instance]:
    """Policies with what a step adds to the logits and the width of that over the wrong arms."""
    for instance in _with_vector(_tabular(binary=True), "direction", _signed)(rng):
        wrong = instance["direction"][0][instance["rewards"][0] == 0]
        yield {**instance, "width": np.array([wrong.max() - wrong.min()], dtype=object), "step": _row(_share(rng))}


def _shaped(rng: random.Random) -> Iterator[Instance]:
    for count in _SIZES:
        parts = {name: _row(_rewards(rng, count, binary=False)) for name in ("outcome", "form")}
        yield {"probs": _row(_probabilities(rng, count)), **parts, "weight": _row(_share(rng))}


def _noise(rng: random.Random) -> Iterator[Instance]:
    for count in _SIZES:
        yield {name: _row([Fraction(rng.randint(1, 9), 4) for _ in range(count)]) for name in ("noise", "rollouts")}


def _transfers(rng: random.Random) -> Iterator[Instance]:
    """Scores and transfers in the same order, so that scores are worth something."""
    for count in _SIZES:
        lists = [sorted(Fraction(rng.randint(1, 40), 8) for _ in range(count)) for _ in "st"]
        yield {"score": _row(lists[0]), "transfer": _row([value + place for place, value in enumerate(lists[1])])}


def _held_out(rng: random.Random) -> Iterator[Instance]:
    for count, held in ((2, 1), (3, 2)):
        pools = {}
        for prefix, prompts in (("", count), ("held_", held)):
            pools[f"{prefix}rates"] = _row([_share(rng) for _ in range(prompts)])
            pools[f"{prefix}features"] = _row([[_signed(rng) for _ in range(2)] for _ in range(prompts)])
        yield pools


def _visited(rng: random.Random) -> Iterator[Instance]:
    for visits, blocks in ((1, 2), (2, 1), (2, 2)):
        yield {
            "weights": _row([Fraction(rng.randint(1, 9)) for _ in range(2)]),
            "probs": _row([_probabilities(rng, 2) for _ in range(2)]),
            "values": _row([[_signed(rng) for _ in range(2)] for _ in range(2)]),
            "visits": np.array([visits]),
            "blocks": np.array([blocks]),
        }


def _prompts(rng: random.Random) -> Iterator[Instance]:
    """Two prompts with a whole number of groups: the budget is the groups times their size."""
    for group, groups in ((2, 3), (3, 2)):
        yield {
            "probs": _row([_probabilities(rng, 2) for _ in range(2)]),
            "rewards": _row([_rewards(rng, 2, binary=False) for _ in range(2)]),
            "groups": np.array([groups]),
            "group": np.array([group]),
            "budget": np.array([group * groups]),
        }


def _flows(rng: random.Random) -> Iterator[Instance]:
    """Starts and ways of a single logit, without a penalty."""
    for _ in range(3):
        instance = {name: _row(_share(rng)) for name in ("start", "way", "scale")}
        yield {**instance, "penalty": _row(Fraction(0))}


def _ascents(rng: random.Random) -> Iterator[Instance]:
    for _ in range(2):
        signed = {name: _row(_signed(rng)) for name in ("first", "second")}
        yield {"level": _row(_share(rng)), **signed, "rate": _row(_share(rng))}


def _rare_modes(rng: random.Random) -> Iterator[Instance]:
    for size in (2, 3, 4):
        yield {"pass_rate": _row(_share(rng)), "rare_share": _row(_share(rng)), "group_size": np.array([size])}


def _tokens(*, with_end: bool) -> Draw:
    """Trees of two tokens and at most two steps, one parameter; with them gamma, from sides of right triangles."""
    triangles = ((3, 4, 5), (5, 12, 13), (8, 15, 17))

    def draw(rng: random.Random) -> Iterator[Instance]:
        policy = AutoregressivePolicy(2, 2, 1 if with_end else None)
        for _ in range(2):
            rows = [(*rng.sample((a, -b), 2), c) for a, b, c in rng.sample(triangles, len(policy.contexts))]
            yield {
                "theta": _row([Fraction(rng.choice((-1, 1)) * rng.randint(1, 9), 20)]),
                "features": _row([[[Fraction(x, 10)] for x in (first, second)] for first, second, _ in rows]),
                "gamma": _row(Fraction(max(size for *_, size in rows), 10)),
                "rewards": _row([Fraction(rng.randint(-8, 8), 8) for _ in policy.sequences]),
                "end": np.array([1 if with_end else -1]),
            }

    return draw


POINTS: Mapping[str, Draw] = {
    "tabular": _tabular(),
    "tabular, binary": _tabular(binary=True),
    "tabular, direction": _with_vector(_tabular(), "direction", _signed),
    "tabular, centred direction": _with_vector(_tabular(), "direction", _signed, centred=True),
    "tabular, tilt": _with(_tabular(), eta=_signed),
    "tabular, groups": _groups(_tabular(sizes=(2, 3)), (3, 2)),
    "tabular, binary, groups": _groups(_tabular(binary=True, sizes=(2, 3)), (3, 2)),
    "chances, binary, groups": _chances(_groups(_tabular(binary=True, sizes=(2, 3)), (3, 2))),
    "softmax": _softmax(),
    "softmax, binary": _softmax(binary=True),
    "softmax, step": _with(_softmax(), step=_share),
    "softmax, binary, steps": _with(_softmax(binary=True), step=_share, steps=lambda rng: rng.randint(1, 2)),
    "softmax, two arms, step": _with(_softmax(sizes=(2, 2)), step=_share),
    "softmax, two arms, share": _with(_softmax(sizes=(2, 2)), share=_share),
    "softmax, two arms, step, group": _groups(_with(_softmax(sizes=(2, 2)), step=_share), (2, 2)),
    "softmax, two arms, binary, step, group": _groups(_with(_softmax(True, sizes=(2, 2)), step=_share), (2, 2)),
    "softmax, reference": _with(_with_vector(_softmax(), "reference", _share), temperature=_share),
    "tabular, binary, direction, step": _moved,
    "tabular, binary, tilt": _with(_tabular(binary=True), inverse_beta=lambda rng: 4 * _share(rng)),
    "tabular, shaped": _shaped,
    "tabular, binary, verdicts": _with(_groups(_tabular(binary=True, sizes=(2, 3)), (3, 2)), tpr=_share, fpr=_share),
    "scored": _scored(),
    "scored, one feature": _scored(width=1),
    "scored, step": _with(_scored(), curvature=_signed, smoothness=_share, share=_share),
    "scored, step, constant": _with(
        _scored(), curvature=_signed, smoothness=_share, share=_share, constant_share=_share
    ),
    "scored, binary": _scored(binary=True),
    "scored, baseline": _with(_scored(), baseline=_signed),
    "chains": _chains,
    "chains, distances": _distances,
    "chains, score": _scored_chains,
    "pool, mixture": _with(_pool, mixture=_share),
    "variances": _two_moments,
    "two states": _two_states,
    "tabular, clipping": _clipped,
    "rates": _rates((2, 3, 4)),
    "groups": _rates((2, 3, 5)),
    "groups, trace": _with(_rates((2, 3, 4)), trace=_share),
    "beta": _beta_prior,
    "rare modes": _rare_modes,
    "flow": _flows,
    "noise": _noise,
    "tokens": _tokens(with_end=False),
    "tokens, end": _tokens(with_end=True),
    "transfers": _transfers,
    "transfers, paid": _with(_transfers, part=_share),
    "held-out prompts": _held_out,
    "visits": _visited,
    "prompts, groups": _prompts,
    "ascent": _ascents,
}
"""Kinds of rational points by name."""
