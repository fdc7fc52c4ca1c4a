"""Finite groups of rollouts: advantages, their exact expected update and its second moment, clipping."""

from vas_theory.group_advantages import AdvantageKind, group_advantages, usable_groups

__all__ = ["AdvantageKind", "group_advantages", "usable_groups"]
