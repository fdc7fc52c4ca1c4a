"""The compact engine and TRL compute the same loss and gradient from the same batch, weights and advantages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

from full_scale.compact.objective import policy_loss, token_weights
from full_scale.compact.shared_prefix import EncodedPrompts, completion_logprobs
from full_scale.config.training import ObjectiveConfig
from full_scale.models.loading import LanguageModel
from full_scale.planning.feasibility import TRL_AGGREGATIONS

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning:transformers.*", "ignore::UserWarning:transformers.*")

PROMPTS, GROUP, WIDTH, LONGEST, TEMPERATURE = 3, 4, 5, 7, 0.8
RELATIVE = 1e-5
CASES = {
    "grpo": ("grpo", "sequence_mean", {}),
    "dr_grpo": ("dr_grpo", "fixed_length", {}),
    "bnpo": ("bnpo", "token_mean", {}),
    "dapo": ("dapo", "token_mean", {}),
    "asymmetric clipping": ("grpo", "sequence_mean", {"clip_low": 0.05, "clip_high": 0.3}),
    "KL": ("grpo", "sequence_mean", {"kl_weight": 0.3}),
    "dr_grpo, clipping and KL": ("dr_grpo", "fixed_length", {"clip_low": 0.1, "clip_high": 0.1, "kl_weight": 0.2}),
}


def make_batch() -> tuple[EncodedPrompts, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Left-padded prompts, completions of several lengths, and advantages."""
    generator = torch.Generator().manual_seed(7)
    lengths = torch.tensor([4, 2, 3])
    mask_PL = (torch.arange(4) >= 4 - lengths[:, None]).long()
    ids_PL = torch.randint(4, 18, (PROMPTS, 4), generator=generator) * mask_PL
    tokens_NT = torch.randint(2, 18, (PROMPTS * GROUP, WIDTH), generator=generator)
    ends = torch.randint(1, WIDTH + 1, (PROMPTS * GROUP, 1), generator=generator)
    mask_NT = torch.arange(WIDTH) < ends
    advantages_N = torch.randn(PROMPTS * GROUP, generator=generator, dtype=torch.float64)
    return EncodedPrompts(ids_PL, mask_PL), tokens_NT * mask_NT, mask_NT, advantages_N


def make_trainer(folder: Path, model: Any, tokenizer: Any, loss_type: str, objective: ObjectiveConfig) -> GRPOTrainer:
    arguments = GRPOConfig(
        output_dir=str(folder),
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        report_to="none",
        per_device_train_batch_size=PROMPTS * GROUP,
        num_generations=GROUP,
        max_completion_length=LONGEST,
        temperature=TEMPERATURE,
        loss_type=loss_type,
        epsilon=objective.clip_low,
        epsilon_high=objective.clip_high,
        use_bias_correction_kl=False,  # the penalty of the paper, which the compact engine takes
        beta=0.0,  # no second model: the reference's log-probabilities come with the batch
    )
    data = Dataset.from_dict({"prompt": ["1+1="] * PROMPTS})
    trainer = GRPOTrainer(model, lambda completions, **_: [0.0], arguments, data, processing_class=tokenizer)
    trainer.beta = objective.kl_weight
    trainer.current_gradient_accumulation_steps = 1
    trainer.model.train()
    return trainer


def make_inputs(
    prompts: EncodedPrompts,
    tokens_NT: torch.Tensor,
    mask_NT: torch.Tensor,
    advantages_N: torch.Tensor,
    old_NT: torch.Tensor | None,
    reference_NT: torch.Tensor | None,
) -> dict[str, torch.Tensor]:
    """A scored generation batch as TRL keeps it."""
    batch = {
        "prompt_ids": prompts.ids_PL.repeat_interleave(GROUP, dim=0),
        "prompt_mask": prompts.mask_PL.repeat_interleave(GROUP, dim=0),
        "completion_ids": tokens_NT,
        "completion_mask": mask_NT.long(),
        "advantages": advantages_N,
        "num_items_in_batch": mask_NT.sum(),
    }
    if old_NT is not None:
        batch["old_per_token_logps"] = old_NT
    if reference_NT is not None:
        batch["ref_per_token_logps"] = reference_NT
    return batch


def gradient_of(model: torch.nn.Module, loss: torch.Tensor) -> torch.Tensor:
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return torch.cat([part.flatten() for part in torch.autograd.grad(loss, parameters)])


@pytest.mark.parametrize("epoch", [1, 2, 3])
@pytest.mark.parametrize("case", CASES)
def test_loss_and_gradient_agree(case: str, epoch: int, tiny: LanguageModel, tmp_path: Path) -> None:
    loss_type, aggregation, settings = CASES[case]
    objective = ObjectiveConfig(aggregation=aggregation, **settings)
    prompts, tokens_NT, mask_NT, advantages_N = make_batch()
    model = tiny.model

    def logprobs() -> torch.Tensor:
        return completion_logprobs(tiny, prompts, tokens_NT, mask_NT, TEMPERATURE)[0]

    old_NT = logprobs().detach()
    reference_NT = None
    if objective.kl_weight > 0:
        shift = torch.randn(old_NT.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
        reference_NT = (old_NT + 0.3 * shift) * mask_NT
    weights_NT = token_weights(mask_NT, aggregation, LONGEST).double()
    for _ in range(epoch - 1):  # move the policy away from the one that sampled, far enough to clip
        before = policy_loss(logprobs(), old_NT, advantages_N, weights_NT, objective, reference_NT)
        gradients = torch.autograd.grad(before.loss, list(model.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(model.parameters(), gradients, strict=True):
                parameter -= 0.2 * gradient

    ours = policy_loss(logprobs(), old_NT, advantages_N, weights_NT, objective, reference_NT)
    assert (ours.clipped > 0) == (epoch > 1)
    our_gradient = gradient_of(model, ours.loss)

    trainer = make_trainer(tmp_path, model, tiny.tokenizer, loss_type, objective)
    # in the first pass TRL takes the present log-probabilities for the old ones
    batch = make_inputs(prompts, tokens_NT, mask_NT, advantages_N, old_NT if epoch > 1 else None, reference_NT)
    theirs = trainer._compute_loss(trainer.model, batch)
    their_gradient = gradient_of(trainer.model, theirs)

    scale = float((weights_NT * advantages_N[:, None].abs()).sum())  # of the terms: their sum may cancel
    assert float((ours.loss - theirs).detach().abs()) <= RELATIVE * max(abs(float(theirs.detach())), RELATIVE * scale)
    assert float((our_gradient - their_gradient).norm()) <= RELATIVE * float(their_gradient.norm())
    assert float(their_gradient.norm()) > 1e-3


@pytest.mark.parametrize("loss_type", sorted(set(TRL_AGGREGATIONS.values())))
def test_accumulated_gradient_is_that_of_the_whole_batch(loss_type: str, tiny: LanguageModel, tmp_path: Path) -> None:
    """A batch that TRL takes in parts counts as the compact engine counts it, whatever the completions' lengths."""
    (aggregation,) = (name for name, theirs in TRL_AGGREGATIONS.items() if theirs == loss_type)
    objective = ObjectiveConfig(aggregation=aggregation)
    prompts, tokens_NT, mask_NT, advantages_N = make_batch()
    logprobs_NT = completion_logprobs(tiny, prompts, tokens_NT, mask_NT, TEMPERATURE)[0]
    weights_NT = token_weights(mask_NT, aggregation, LONGEST).double()
    ours = policy_loss(logprobs_NT, logprobs_NT.detach(), advantages_N, weights_NT, objective)
    our_gradient = gradient_of(tiny.model, ours.loss)
    trainer = make_trainer(tmp_path, tiny.model, tiny.tokenizer, loss_type, objective)
    parts = PROMPTS
    trainer.current_gradient_accumulation_steps = trainer.args.steps_per_generation = parts
    batch = make_inputs(prompts, tokens_NT, mask_NT, advantages_N, None, None)
    total = torch.zeros_like(our_gradient)
    for part in range(parts):
        rows = slice(part * GROUP, (part + 1) * GROUP)
        piece = {name: value if value.dim() == 0 else value[rows] for name, value in batch.items()}
        total += gradient_of(trainer.model, trainer._compute_loss(trainer.model, piece))
    assert float((our_gradient - total).norm()) <= RELATIVE * float(total.norm())
    assert float(total.norm()) > 1e-3
