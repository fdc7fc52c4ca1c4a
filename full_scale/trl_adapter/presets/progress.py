"""From what TRL logs to the rows of the table ``training_steps``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from transformers import TrainerCallback

__all__ = ["ProgressReport", "step_rows"]

_EVALUATED = "eval_rewards/accuracy/mean"
_ONCE = {
    "mean_reward": "reward",
    "entropy": "entropy",
    "loss": "loss",
    "gradient_norm": "grad_norm",
    "rollouts": "vas/training_rollouts",
    "excluded_rollouts": "vas/excluded_rollouts",
    "sampler_seconds": "vas/sampler_seconds",
    "lag": "vas/lag",
}
"""Column to TRL's name, from the first pass over a batch: that of the generation."""


def step_rows(
    history: Sequence[dict[str, Any]], *, passes: int, prompts: int, group_size: int, **names: Any
) -> list[dict[str, Any]]:
    """Return one row a generation batch.

    Args:
        history: TRL's log, one entry an optimiser step and one an evaluation.
        passes: optimiser steps a generation batch.
        prompts, group_size: of a generation batch.
        names: columns that are the same in every row.
    """
    rows: dict[int, dict[str, Any]] = {}
    clipped: dict[int, list[float]] = {}
    for entry in history:
        step = -(-entry["step"] // passes)
        row = rows.setdefault(step, {**names, "step": step, "seconds": 0.0})
        if _EVALUATED in entry:
            row["held_out_accuracy"] = entry[_EVALUATED]
        if "loss" not in entry:
            continue
        row["seconds"] += entry["step_time"]
        clipped.setdefault(step, []).append(entry["clip_ratio/region_mean"])
        row["clip_fraction"] = sum(clipped[step]) / len(clipped[step])
        if "gradient_norm" in row:
            continue
        row |= {column: entry.get(name) for column, name in _ONCE.items()}
        row["groups"] = prompts
        row["mixed_groups"] = prompts - int(entry["vas/silent_groups"])
        row["tokens"] = round(entry["completions/mean_length"] * prompts * group_size)
    return [rows[step] for step in sorted(rows)]


class ProgressReport(TrainerCallback):
    """Say one line a generation batch.

    Args:
        report: called with the line.
        passes: optimiser steps a generation batch.
    """

    def __init__(self, report: Callable[[str], None], passes: int) -> None:
        self.report, self.passes = report, passes

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        if not state.is_world_process_zero or not logs:
            return
        step, last = -(-state.global_step // self.passes), state.max_steps // self.passes
        if _EVALUATED in logs:
            self.report(f"step {step}/{last}: held-out accuracy {logs[_EVALUATED]:.3f}")
        elif "reward" in logs and "grad_norm" in logs:
            self.report(
                f"step {step}/{last}: reward {logs['reward']:.3f}, {int(logs['vas/silent_groups'])} silent groups, "
                f"gradient norm {logs['grad_norm']:.3g}, lag {int(logs['vas/lag'])}, "
                f"sampler {logs['vas/sampler_seconds'] * 1e3:.1f} ms of {logs['step_time']:.2f} s"
            )
