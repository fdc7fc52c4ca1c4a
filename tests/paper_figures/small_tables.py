"""Small stored tables of the shapes that the figures and the report read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vas_theory.storage import write_json, write_table

PRESET = "smoke"
STUDY_CONFIG: dict[str, Any] = {
    "model": {"name": "smollm2-135m", "device": "cpu"},
    "task": {"name": "arithmetic"},
    "training": {"steps": 6},
    "probe": {"coverage": 0.9},
}


def bandit_frame(rows: int = 300) -> pd.DataFrame:
    """Random bandits with exact norms and bounds, computed here and not by the package."""
    rng = np.random.default_rng(7)
    records = []
    for index in range(rows):
        arms = int(rng.choice([2, 5, 10]))
        probs, rewards = rng.dirichlet(np.ones(arms)), rng.random(arms)
        advantage = rewards - probs @ rewards
        variance = float(probs @ advantage**2)
        norm = float(np.linalg.norm(probs * advantage))
        rho = float(np.linalg.norm(rewards - rewards.mean()))
        records.append(
            {
                "family": ("dirichlet(1)", "near_tight", "saturated")[index % 3], "arms": arms, "reward_kind": "graded",
                "reward_variance": variance, "gradient_norm": norm, "rho": rho, "lower_bound": variance / rho,
                "upper_bound": np.sqrt(variance / 2), "ratio": norm * rho / variance,
            }
        )  # fmt: skip
    return pd.DataFrame(records)


def steps_frame() -> pd.DataFrame:
    """Two arms, two seeds, the start and six steps; accuracy at the start and at every third step."""
    rng = np.random.default_rng(8)
    rows = []
    for arm, gain in (("uniform", 0.03), ("vas", 0.04)):
        for seed in (0, 1):
            for step in range(7):
                start, evaluated = step == 0, step % 3 == 0
                rows.append(
                    {
                        "arm": arm, "seed": seed, "step": step, "rollouts": 64 * step,
                        "mixed_groups": 0 if start else int(rng.integers(2, 7)),
                        "mean_reward": np.nan if start else 0.4 + gain * step + 0.05 * rng.random(),
                        "gradient_norm": np.nan if start else 2.0 + rng.random(),
                        "held_out_accuracy": 0.5 + gain * step + 0.01 * seed if evaluated else np.nan,
                        "seconds": 0.0 if start else 3.0,
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def probe_frame() -> pd.DataFrame:
    """Sixteen prompts, two of them with constant rewards."""
    rng = np.random.default_rng(9)
    rate = np.concatenate([[0.0, 1.0], rng.uniform(0.05, 0.95, 14)])
    distance = np.where(rate * (1 - rate) > 0, rng.uniform(115, 265, 16), np.nan)
    norm = np.nan_to_num(rate * (1 - rate) * distance)
    predicted = rate * (1 - rate) * 180 + 0.5
    return pd.DataFrame(
        {
            "prompt_key": [f"{index} + 1" for index in range(16)], "rollouts": 32, "pass_rate": rate,
            "reward_std": np.sqrt(rate * (1 - rate)), "gradient_norm": norm, "gradient_norm_low": 0.9 * norm,
            "gradient_norm_high": 1.1 * norm, "mu_distance": distance, "mu_distance_low": 0.8 * distance,
            "mu_distance_high": 1.2 * distance, "predicted_gradient_norm": predicted,
            "predicted_gradient_norm_low": 0.7 * predicted, "predicted_gradient_norm_high": 1.3 * predicted,
        }
    )  # fmt: skip


def validation_frame() -> pd.DataFrame:
    """One prediction of each verdict about the pool, and one of each prompt's gradient norm."""
    pool = pd.DataFrame(
        {
            "id": ["P1/rank", "P2/share", "P3/gain"], "quantity": ["rank_correlation", "mixed_share", "gain"],
            "prompt_key": "",
            "statement": ["rank correlation <of> |grad| & spread", "ratio of mixed groups", "accuracy gain"],
            "predicted": [0.95, 1.3, 0.02], "predicted_low": [0.8, 1.1, -0.1], "predicted_high": [1.0, 1.5, 0.14],
            "measured": [0.91, 0.9, 0.03], "measured_low": [0.8, 0.8, -0.2], "measured_high": [0.96, 1.0, 0.3],
            "no_effect": [0.0, np.nan, 0.0], "verdict": ["held", "failed", "uninformative"],
        }
    )  # fmt: skip
    probe = probe_frame()
    prompts = pd.DataFrame(
        {
            "id": "P1/gradient-norm/" + probe["prompt_key"], "quantity": "gradient_norm",
            "prompt_key": probe["prompt_key"], "statement": "|grad J| = p(1-p) |mu_1 - mu_0|",
            "predicted": probe["predicted_gradient_norm"], "predicted_low": probe["predicted_gradient_norm_low"],
            "predicted_high": probe["predicted_gradient_norm_high"], "measured": probe["gradient_norm"],
            "measured_low": probe["gradient_norm_low"], "measured_high": probe["gradient_norm_high"], "no_effect": 0.0,
        }
    )  # fmt: skip
    inside = probe["gradient_norm"].between(prompts["predicted_low"], prompts["predicted_high"])
    measured, predicted = prompts["measured"], prompts["predicted"]
    apart = (1.1 * measured < 0.7 * predicted) | (0.9 * measured > 1.3 * predicted)
    prompts["verdict"] = np.select([apart, inside], ["failed", "held"], "uninformative")
    return pd.concat([pool, prompts], ignore_index=True)


def claims_answer() -> dict[str, object]:
    """A ledger with one proved and one refuted claim."""
    return {
        "claims": [
            {"id": "B02", "title": "variance bounds the gradient", "source": "this project", "verdict": "proved",
             "certificate": "sum-of-squares", "tightness": 1.0, "seconds": 0.5, "passed": True},
            {"id": "A05", "title": "assumption 1(ii)", "source": "arXiv 2509.21268", "verdict": "refuted",
             "certificate": "counterexample", "tightness": None, "seconds": 0.1, "passed": True},
        ],
        "passed": True,
    }  # fmt: skip


def write_small_tables(root: Path) -> None:
    """Write every table, the predictions and the ledger under ``root``."""
    made: dict[str, Any] = {"config": {"made_for": "tests"}, "seed": 0, "sources": [Path(__file__)], "seconds": 1.5}
    write_table(bandit_frame(), root / "simulations" / "output" / PRESET / "bound_gallery.parquet", **made)
    study = root / "full_scale" / "output" / PRESET
    made["config"] = STUDY_CONFIG
    write_table(steps_frame(), study / "training_steps.parquet", **made)
    write_table(probe_frame(), study / "probe.parquet", **made)
    write_table(validation_frame(), study / "validation.parquet", **made)
    write_json(root / "paper_figures" / "output" / PRESET / "claims.json", claims_answer())
