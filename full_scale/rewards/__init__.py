"""Rewards: what a completion is worth, and what happens to the ones that cannot be scored."""

from __future__ import annotations

from full_scale.rewards.checks import check_answers, exact_match
from full_scale.rewards.compose import ACCURACY, FORMAT, Part, Reward, build_reward, length_reward
from full_scale.rewards.groups import RewardFunction, ScoredGroups, score_groups
from full_scale.rewards.verifier import MathVerifier, shared_verifier

__all__ = [
    "ACCURACY",
    "FORMAT",
    "MathVerifier",
    "Part",
    "Reward",
    "RewardFunction",
    "ScoredGroups",
    "build_reward",
    "check_answers",
    "exact_match",
    "length_reward",
    "score_groups",
    "shared_verifier",
]
