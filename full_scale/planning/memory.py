r"""Memory of one device and time of one step, by formula.

With P parameters of which T are trained, N devices that share states, b sequences of s tokens a pass, L layers of
width h with feed-forward width f, a query heads and k key-value heads of width d:

* weights 4P (2P where stored in bfloat16), divided by N where they are sharded;
* compute copy: bfloat16 copies of the weights in use, 2P, or of the gathered blocks where weights are sharded;
* gradients as the weights trained, optimiser two moments of them;
* activations of a block 2bs(4h + 2ad + 2kd + 4f) bytes, all L of them, or with checkpointing one of them twice (values
  and gradients) and 2bsh for each layer;
* key-value cache 4Lkd bytes a token.

What they leave out (allocator, kernels' workspace, communication) is one allowance.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from full_scale.config.training import StudyConfig
from full_scale.planning.architectures import Architecture, Tower

__all__ = ["GB", "Item", "MemoryPlan", "kv_bytes_per_token", "memory_of_device", "reduced_bytes", "sequences_at_once"]

GB = 1e9
ALLOWANCE = 2.5 * GB
"""CUDA context, communication buffers and fragmentation: assumed."""

COMPACT_PROMPTS_AT_ONCE = 8
"""Groups in one backward pass of the compact engine."""


@dataclass(frozen=True)
class Item:
    """One kind of memory: its bytes on one device and how they were counted."""

    name: str
    bytes: float
    formula: str


@dataclass(frozen=True)
class MemoryPlan:
    """Memory of one device.

    Args:
        resident: held all the time.
        training: on top of it during a forward and backward pass.
        generation: on top of it while responses are generated.
        both_at_once: the generating engine keeps its memory during training.
    """

    resident: tuple[Item, ...]
    training: tuple[Item, ...]
    generation: tuple[Item, ...]
    both_at_once: bool

    @property
    def peak(self) -> float:
        """Bytes at the worst moment."""
        resident, training, generation = (
            sum(item.bytes for item in items) for items in (self.resident, self.training, self.generation)
        )
        return resident + (training + generation if self.both_at_once else max(training, generation))

    def as_dict(self) -> dict[str, Any]:
        """All items and the peak, JSON-serialisable."""
        return {**asdict(self), "peak_bytes": self.peak}


def reduced_bytes(config: StudyConfig) -> int:
    """Return bytes of a number in matrix products: 2 in bfloat16; ``auto`` is bfloat16 except on a CPU."""
    if config.model.precision == "auto":
        return 4 if config.model.device == "cpu" else 2
    return 2 if config.model.precision == "bfloat16" else 4


def sequences_at_once(config: StudyConfig) -> int:
    """Return completions of one forward and backward pass on one device."""
    if config.engine == "trl":
        return config.trl.per_device_batch_size
    return min(COMPACT_PROMPTS_AT_ONCE, config.rollouts.prompts_per_step) * config.rollouts.group_size


def kv_bytes_per_token(model: Architecture, low: int) -> int:
    """Return bytes of keys and values of one token in all layers."""
    text = model.text
    return 2 * text.layers * text.key_value_heads * text.head_dim * low


def memory_of_device(model: Architecture, config: StudyConfig, prompt_tokens: int | None = None) -> MemoryPlan:
    """Count the memory of one device.

    Args:
        model: its sizes.
        config: of the run.
        prompt_tokens: of the longest prompt; by default the configured bound.
    """
    longest = config.trl.max_prompt_tokens if prompt_tokens is None else prompt_tokens
    sleeps = config.vllm.mode != "colocate" or config.vllm.enable_sleep_mode
    return MemoryPlan(
        tuple(_resident(model, config)),
        tuple(_activations(model, config, longest)),
        tuple(_generation(model, config, longest)),
        both_at_once=not sleeps,
    )


def _resident(model: Architecture, config: StudyConfig) -> list[Item]:
    hardware, low = config.hardware, reduced_bytes(config)
    stored = 2 if config.engine == "trl" and config.trl.weights == "bfloat16" else 4
    sharding, share = hardware.sharding, hardware.devices if hardware.sharding != "none" else 1
    total, trained = model.parameters, model.trainable
    gathered = model.outer_parameters + 2 * model.block_parameters
    by = "" if share == 1 else f" / {share}"
    if sharding in ("zero2", "zero3"):
        copy = total if sharding == "zero2" else total / share + gathered
        weights = Item("weights", 4 * trained / share, f"4 bytes x {trained:.4g} trained (float32 masters){by}")
        compute = Item("compute copy", low * copy, f"{low} bytes x {copy:.4g} (all, or a share and the gathered)")
        gradients = Item("gradients", low * trained / share, f"{low} bytes x {trained:.4g}{by}")
        moments = 8
    else:
        weights = Item("weights", stored * total / share, f"{stored} bytes x {total:.4g}{by}")
        copied = (gathered if sharding == "fsdp" else total) if low < stored or sharding == "fsdp" else 0
        text = "embeddings, output layer and two blocks, gathered" if sharding == "fsdp" else "all, cast by autocast"
        compute = Item("compute copy", low * copied, f"{low} bytes x {copied:.4g} ({text})")
        # every process of data parallelism fills buckets that are as large as the gradients
        buckets = 2 if sharding == "none" and hardware.devices > 1 else 1
        times = " x 2 (buckets)" if buckets == 2 else ""
        gradients = Item("gradients", buckets * stored * trained / share, f"{stored} bytes x {trained:.4g}{times}{by}")
        moments = 2 * stored
    items = [weights, compute, gradients]
    items.append(Item("optimiser", moments * trained / share, f"{moments} bytes x {trained:.4g}, two moments{by}"))
    if config.objective.kl_weight > 0 and not config.lora.rank:
        across = share if sharding in ("fsdp", "zero3") else 1
        size = low if sharding in ("zero2", "zero3") else stored
        by = "" if across == 1 else f" / {across}"
        items.append(Item("reference model", size * total / across, f"{size} bytes x {total:.4g}{by}"))
    if config.model.device != "cpu":
        items.append(Item("allowance", ALLOWANCE, "assumed: CUDA context, communication, fragmentation"))
    return items


def _block(tower: Tower, tokens: float, low: int) -> float:
    """Return bytes that the backward pass of one block needs."""
    heads = 2 * (tower.heads + tower.key_value_heads) * tower.head_dim
    return low * tokens * (4 * tower.hidden + heads + 4 * tower.intermediate)


def _stack(name: str, tower: Tower, tokens: float, low: int, checkpointing: bool) -> Item:
    block = _block(tower, tokens, low)
    each = f"{low} x {tokens:.4g} tokens x (4h + 2ad + 2kd + 4f)"
    if not checkpointing:
        return Item(name, tower.layers * block, f"{tower.layers} blocks of {each}")
    kept = tower.layers * low * tokens * tower.hidden
    return Item(name, kept + 2 * block, f"{tower.layers} x {low} x {tokens:.4g} tokens x h, and 2 x {each}")


def _activations(model: Architecture, config: StudyConfig, prompt: int) -> list[Item]:
    low, rows = reduced_bytes(config), sequences_at_once(config)
    checkpointing = config.engine == "trl" and config.trl.gradient_checkpointing
    response = config.rollouts.max_new_tokens
    if config.engine == "trl":
        tokens = float(rows * (prompt + response))
    else:  # the prompt of a group goes through the model once
        tokens = rows * response + rows / config.rollouts.group_size * prompt
    items = [_stack("activations", model.text, tokens, low, checkpointing)]
    if model.vision is not None:
        patches = float(rows * config.trl.max_image_pixels / model.patch_pixels)
        items.append(_stack("image activations", model.vision, patches, low, checkpointing))
    if config.engine == "compact":
        width = low + 8
        size = width * rows * response * model.vocabulary
        items.append(Item("logits", size, f"{width} bytes x {rows * response} tokens x {model.vocabulary}"))
    return items  # TRL (since 1.16) scores tokens in tiles and never holds all logits


def _generation(model: Architecture, config: StudyConfig, prompt: int) -> list[Item]:
    low, vllm = reduced_bytes(config), config.vllm
    if vllm.mode == "server":
        return [Item("generation", 0.0, "on the server's devices")]
    if vllm.mode == "colocate":
        share = vllm.gpu_memory_utilization
        size = share * config.hardware.device_memory_gb * GB
        return [Item("vLLM", size, f"{share} of the device (weights and key-value cache)")]
    rows = config.rollouts.prompts_per_step * config.rollouts.group_size / config.hardware.devices
    tokens = prompt + config.rollouts.max_new_tokens
    each = kv_bytes_per_token(model, low)
    return [Item("key-value cache", rows * tokens * each, f"{rows:g} responses x {tokens} tokens x {each} bytes")]
