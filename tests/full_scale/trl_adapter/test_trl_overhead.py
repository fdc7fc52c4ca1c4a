"""What variance-aware sampling costs beside a real model's step."""

from __future__ import annotations

from pathlib import Path

import pytest

from full_scale.config.training import load_config
from full_scale.tasks import load_task
from full_scale.trl_adapter.presets.run import TrlRun

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning:transformers.*", "ignore::UserWarning:transformers.*")


@pytest.mark.bench
@pytest.mark.timeout(900)
def test_overhead_is_below_one_percent_and_no_rollout_is_added(tmp_path: Path) -> None:
    # steps a fraction of the preset's, so that the sampler's share of a real one is smaller still
    changes = ["model.device=cpu", "training.steps=3", "training.evaluate_every=3", "training.checkpoint_every=3"]
    changes += ["rollouts.prompts_per_step=2", "trl.per_device_batch_size=16", "training.keep_weights=false"]
    config = load_config("smollm2-gpu", [*changes, "model.precision=float32"])
    run = TrlRun(config, config.arms[1], 0, tmp_path / "run", load_task(config.task))
    trainer = run.build(lambda _: None)
    trainer.eval_dataset = trainer.eval_dataset.select(range(2))
    trainer.train()
    logs = [row for row in trainer.state.log_history if "loss" in row]
    sampler, step = (sum(row[name] for row in logs) for name in ("vas/sampler_seconds", "step_time"))
    print(f"\nVAS took {sampler:.3f} s of {step:.1f} s of steps: {sampler / step:.2%}")
    assert trainer.sampler.ledger.rollouts == 3 * 2 * 8 == logs[-1]["vas/training_rollouts"]
    assert sampler < 0.01 * step
