"""Finite groups of rollouts: advantages, their exact expected update and its second moment, clipping."""

from vas_theory.groups.advantages import AdvantageKind, group_advantages, usable_groups
from vas_theory.groups.clipping import clipped_surrogate, clipping_bias
from vas_theory.groups.enumeration import enumerate_second_moment, enumerate_update
from vas_theory.groups.pass_rate_laws import (
    arcsine_gain,
    bernstein,
    expected_group_std,
    group_gain,
    silent_group_probability,
)
from vas_theory.groups.updates import (
    dr_grpo_second_moment,
    expected_update,
    rloo_second_moment,
    update_second_moment,
    whitened_second_moment,
)

__all__ = [
    "AdvantageKind",
    "arcsine_gain",
    "bernstein",
    "clipped_surrogate",
    "clipping_bias",
    "dr_grpo_second_moment",
    "enumerate_second_moment",
    "enumerate_update",
    "expected_group_std",
    "expected_update",
    "group_advantages",
    "group_gain",
    "rloo_second_moment",
    "silent_group_probability",
    "update_second_moment",
    "usable_groups",
    "whitened_second_moment",
]
