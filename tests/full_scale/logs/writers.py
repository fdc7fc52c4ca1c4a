"""The same rollouts in the files of every trainer that is read, as its source writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

GROUP_SIZE = 4
Rollouts = list[tuple[int, str, list[float]]]
"""Step, prompt and rewards of each group."""


def some_rollouts(steps: int = 10, groups: int = 6, seed: int = 3) -> Rollouts:
    rng = np.random.default_rng(seed)
    rate = rng.beta(0.6, 0.9, size=3 * groups)
    drawn: Rollouts = []
    for step in range(1, steps + 1):
        for prompt in rng.choice(rate.size, groups, replace=False):
            rewards = (rng.random(GROUP_SIZE) < rate[prompt]).astype(float).tolist()
            drawn.append((step, f"question {prompt}", rewards))
    return drawn


def by_step(rollouts: Rollouts) -> dict[int, list[tuple[str, list[float]]]]:
    steps: dict[int, list[tuple[str, list[float]]]] = {}
    for step, prompt, rewards in rollouts:
        steps.setdefault(step, []).append((prompt, rewards))
    return steps


def mean_reward(groups: list[tuple[str, list[float]]]) -> float:
    return float(np.mean([reward for _, rewards in groups for reward in rewards]))


def silent_share(groups: list[tuple[str, list[float]]]) -> float:
    return float(np.mean([len(set(rewards)) == 1 for _, rewards in groups]))


def lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def trl(folder: Path, rollouts: Rollouts, extra: dict[str, float] | None = None) -> Path:
    history = []
    (folder / "completions").mkdir(parents=True)
    for step, groups in by_step(rollouts).items():
        history.append(
            {
                "step": step, "reward": mean_reward(groups), "rewards/accuracy/mean": mean_reward(groups),
                "frac_reward_zero_std": silent_share(groups), "step_time": 2.0, "grad_norm": 0.5, **(extra or {}),
            }
        )  # fmt: skip
        rows = [
            {
                "step": step,
                "prompt": prompt,
                "completion": f"{step} {place} {prompt}",
                "accuracy": reward,
                "advantage": 0.0,
            }
            for prompt, rewards in groups
            for place, reward in enumerate(rewards)
        ]
        pd.DataFrame(rows).to_parquet(folder / "completions" / f"completions_{step:05d}.parquet")
    state = {"global_step": len(history), "max_steps": 40, "log_history": history}
    lines(folder / f"checkpoint-{len(history)}" / "trainer_state.json", [state])
    return folder


def verl(folder: Path, rollouts: Rollouts) -> Path:
    steps = by_step(rollouts)
    metrics = [
        {
            "step": step,
            "data": {"critic/score/mean": mean_reward(groups), "critic/rewards/mean": -9.0, "timing_s/step": 2.0},
        }
        for step, groups in steps.items()
    ]
    lines(folder / "experiment.jsonl", metrics)
    for step, groups in steps.items():
        rows = [
            {
                "input": prompt,
                "output": "",
                "gts": None,
                "score": reward,
                "step": step,
                "uid": f"{step}-{group}_{place}_0",
            }
            for group, (prompt, rewards) in enumerate(groups)
            for place, reward in enumerate(rewards)
        ]
        lines(folder / "rollouts" / f"{step}.jsonl", rows)
    return folder


def easyr1(folder: Path, rollouts: Rollouts) -> Path:
    rows: list[dict[str, Any]] = [
        {"step": step, "reward": {"overall": mean_reward(groups)}, "critic": {"score": {"mean": mean_reward(groups)}}}
        for step, groups in by_step(rollouts).items()
    ]
    lines(folder / "experiment_log.jsonl", [{"step": 0, "val": {"reward_score": 0.9}}, *rows])
    (folder / "generations.log").write_text("[prompt] held out\n", encoding="utf-8")
    return folder


def prime_rl(folder: Path, rollouts: Rollouts) -> Path:
    metrics = []
    for step, groups in by_step(rollouts).items():
        solved = [float(np.mean([set(rewards) == {right} for _, rewards in groups])) for right in (0.0, 1.0)]
        metrics += [
            {
                "step": step, "time": 1e9, "train/agg/effective/agent/reward/mean": mean_reward(groups),
                "train/agg/all/agent/solved_none": solved[0], "train/agg/all/agent/solved_all": solved[1],
            },
            {"step": step, "time": 1e9, "time/step": 2.0, "optim/grad_norm": 0.5},
        ]  # fmt: skip
        episodes = [
            {
                "id": f"{step}{prompt}{place}", "task": {"type": "T", "data": {"prompt": prompt}, "key": prompt},
                "group": {"id": f"{step}-{prompt}"}, "ok": True,
                "traces": [
                    {"agent": {"name": "agent", "trainable": True}, "ok": True,
                     "rewards": {"accuracy": {"score": reward, "weight": 1.0}, "style": None}},
                    {"agent": {"name": "judge", "trainable": False}, "ok": True, "rewards": {}},
                ],
            }
            for prompt, rewards in groups
            for place, reward in enumerate(rewards)
        ]  # fmt: skip
        lines(folder / "rollouts" / f"step_{step}" / "train" / "all" / "traces.jsonl", episodes)
    lines(folder / "metrics.jsonl", metrics)
    return folder


def slime(folder: Path, rollouts: Rollouts) -> Path:
    import torch

    folder.mkdir(parents=True)
    for step, groups in by_step(rollouts).items():
        samples = [
            {
                "group_index": 100 * step + group,
                "prompt": prompt,
                "reward": reward,
                "status": "completed",
                "tokens": [1],
            }
            for group, (prompt, rewards) in enumerate(groups)
            for reward in rewards
        ]
        torch.save({"rollout_id": step, "samples": samples}, folder / f"rollout_{step}.pt")
    torch.save({"rollout_id": 3, "samples": samples}, folder / "rollout_eval_3.pt")
    return folder
