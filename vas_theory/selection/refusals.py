"""What samplers and their posteriors refuse beside what settings refuse one by one; none of it decides a result."""

from __future__ import annotations

import math
from collections.abc import Mapping, MutableMapping
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.foundation.arguments import from_tensor
from vas_theory.foundation.errors import ArgumentError, StateMismatchError

if TYPE_CHECKING:
    from vas_theory.selection.sampler.config import SamplerConfig
    from vas_theory.selection.sampler.prompt_keys import PromptKeys

__all__ = [
    "LARGEST_REWARD",
    "refuse_all_but_keys",
    "refuse_all_but_numbers",
    "refuse_all_but_posteriors",
    "refuse_all_but_sizes",
    "refuse_all_but_states",
    "refuse_large_features",
    "refuse_large_groups",
    "refuse_objects",
    "refuse_pairs",
    "refuse_range",
    "refuse_share",
    "refuse_strangers",
    "refuse_tensors",
    "refuse_tilde",
    "refuse_unclear",
    "refuse_unreadable",
    "to_plain_numbers",
]

__neutral__ = "what is refused"

LARGEST_REWARD = 1e100
"""In absolute value; the squares of larger ones would overflow in what is learnt from them."""

_LARGEST_FEATURE = 1e100
"""In absolute value; the squares of larger ones would overflow, and all features would say nothing."""

_LARGEST_GROUP = 1029
"""Binomial coefficients of larger groups overflow double precision."""


def to_plain_numbers(options: MutableMapping[str, Any]) -> None:
    """Replace numpy's numbers by Python's, in place: they are equal, and a state can hold them."""
    for name, value in options.items():
        if isinstance(value, np.ndarray) and value.ndim == 1:
            options[name] = tuple(value.tolist())
        elif isinstance(value, (tuple, list)):
            options[name] = tuple(map(_plain, value))
        else:
            options[name] = _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, np.generic) and isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, np.generic) and isinstance(value, Real) else value


def refuse_range(reward_range: object) -> None:
    """Refuse what is no range of rewards.

    Raises:
        ArgumentError: it is not two numbers, or one is larger than :data:`LARGEST_REWARD`.
    """
    ends = list(reward_range) if isinstance(reward_range, (tuple, list, np.ndarray)) else []
    if len(ends) != 2 or not all(isinstance(end, Real) and not isinstance(end, bool) for end in ends):
        raise ArgumentError("reward_range", "be two numbers in ascending order", reward_range)
    if any(LARGEST_REWARD < abs(end) < math.inf for end in ends):
        raise ArgumentError("reward_range", f"lie in [{-LARGEST_REWARD:g}, {LARGEST_REWARD:g}]", reward_range)


def refuse_pairs(config: SamplerConfig) -> None:
    """Refuse settings that cannot be kept beside each other.

    Raises:
        ArgumentError: independent draws without replacement, or resting prompts that the uniform share would draw.
    """
    share = config.uniform_share
    if share == "independent" and not config.replace:
        raise ArgumentError("uniform_share", "be 'reshuffled' or 'fixed' unless replace is set", share)
    if config.rest_steps and share != "reshuffled":
        raise ArgumentError("rest_steps", f"be 0 where uniform_share is {share!r}", config.rest_steps)


def refuse_share(config: SamplerConfig, count: int) -> None:
    """Refuse a uniform share that one fixed order of the prompts cannot fill.

    Raises:
        ArgumentError: it has more places in some batch than there are prompts.
    """
    most = config.batch_size - math.floor(config.weighted_per_batch)
    if config.uniform_share == "fixed" and most > count:
        needs = f"leave at most {count} places, the number of prompts, to the uniform share where it is 'fixed'"
        raise ArgumentError("batch_size", needs, config.batch_size)


def refuse_all_but_numbers(**settings: object) -> None:
    """Refuse settings that are neither numbers nor, where there are two of them, pairs of numbers.

    Raises:
        ArgumentError: with the name of the first.
    """
    for name, value in settings.items():
        pair = name == "prior"
        numbers = list(value) if pair and isinstance(value, (tuple, list, np.ndarray)) else [value]
        real = all(isinstance(number, Real) and not isinstance(number, bool) for number in numbers)
        if not real or len(numbers) != 1 + pair:
            raise ArgumentError(name, "be two numbers > 0" if pair else "be a number", value)


def refuse_tensors(**values: object) -> None:
    """Refuse tensors where arrays are read.

    Raises:
        ArgumentError: with the name of the first.
    """
    for name, value in values.items():
        if callable(getattr(value, "detach", None)):
            raise ArgumentError(name, "be a NumPy array or lists: .detach().cpu().numpy() of a tensor", _type(value))


def refuse_objects(argument: str, labels: object) -> None:
    """Refuse text as pandas keeps it, in words that say how to hand it over.

    Raises:
        ArgumentError: the labels are an array or a column of Python objects.
    """
    if getattr(labels, "ndim", None) == 1 and np.asarray(labels).dtype == object:
        raise ArgumentError(argument, "be a list of strings or integers: .tolist() of a column of text", _type(labels))


def refuse_unreadable(**values: object) -> None:
    """Refuse what numpy cannot read, such as a tensor on another device or of a type that numpy lacks.

    Raises:
        ArgumentError: with the name of the first.
    """
    for name, value in values.items():
        try:
            np.asarray(value)
        except (TypeError, ValueError, RuntimeError) as error:
            raise ArgumentError(name, f"be what numpy can read ({error})", _type(value)) from None


def _type(value: object) -> str:
    return type(value).__name__


def refuse_tilde(path: object) -> None:
    """Refuse a path that would be written into a folder named ~.

    Raises:
        ArgumentError: it begins with a tilde.
    """
    if str(path).startswith("~"):
        raise ArgumentError("path", "have a folder in the place of ~: Path(path).expanduser()", path)


def refuse_unclear(**flags: object) -> None:
    """Refuse flags of which one is missing, since NaN would count as true.

    Raises:
        ArgumentError: with the name of the first.
    """
    for name, values in flags.items():
        given = np.asarray([] if values is None else from_tensor(values), dtype=object)
        if any(value is None or value != value for value in given.flat):
            raise ArgumentError(name, "be true or false in every place", values)


def refuse_large_features(features: NDArray[np.floating[Any]]) -> None:
    """Refuse features that cannot be brought to one scale.

    Raises:
        ArgumentError: one is larger than 1e100 in absolute value.
    """
    if float(np.finfo(features.dtype).max) < _LARGEST_FEATURE:
        return
    large = np.abs(features) > _LARGEST_FEATURE
    if large.any():
        raise ArgumentError("features", f"be at most {_LARGEST_FEATURE:g} in absolute value", float(features[large][0]))


def refuse_large_groups(group_size: int) -> None:
    """Refuse groups whose binomial coefficients no double holds.

    Raises:
        ArgumentError: the group is too large.
    """
    if group_size > _LARGEST_GROUP:
        raise ArgumentError("group_size", f"be at most {_LARGEST_GROUP} for signals of groups", group_size)


def refuse_all_but_sizes(argument: str, group_size: object) -> None:
    """Refuse what no whole number can be made of.

    Raises:
        ArgumentError: with the name of the argument.
    """
    if not isinstance(group_size, Real) or not math.isfinite(group_size):
        raise ArgumentError(argument, "be an integer of 2 or more", group_size)


def refuse_all_but_keys(keys: object) -> None:
    """Refuse what would be read as keys and is no list of them.

    Raises:
        ArgumentError: it is one string, a set, whose order changes from process to process, or a table.
    """
    if isinstance(keys, str):
        raise ArgumentError("keys", "be a list of keys, not one string", keys)
    if isinstance(keys, (set, frozenset)):
        raise ArgumentError("keys", "be in an order, which a set does not keep", keys)
    if not isinstance(keys, np.ndarray) and getattr(keys, "ndim", 1) > 1:
        raise ArgumentError("keys", "be one column of a table", _type(keys))


def refuse_all_but_posteriors(posterior: object) -> None:
    """Refuse what is neither the name of a posterior nor one.

    Raises:
        ArgumentError: it has no number of prompts.
    """
    if not isinstance(posterior, str) and not hasattr(posterior, "num_prompts"):
        raise ArgumentError("posterior", "be the name of a posterior, or one that is built", posterior)


def refuse_all_but_states(state: object) -> None:
    """Refuse what is no state before anything is read of it.

    Raises:
        ArgumentError: it is no mapping.
    """
    if not isinstance(state, Mapping):
        raise ArgumentError("state", "be a mapping, as state_dict() returns", state)


def refuse_strangers(keys: PromptKeys, saved: PromptKeys) -> None:
    """Refuse a state that holds none of the prompts.

    Raises:
        StateMismatchError: no key is in both.
    """
    if not (keys.sources_in(saved) >= 0).any():
        found = {"prompts": (f"some of {_kind(keys)}", f"none of them among {_kind(saved)}")}
        raise StateMismatchError("sampler state", found)


def _kind(keys: PromptKeys) -> str:
    return f"{len(keys):,} {keys.kind()}"
