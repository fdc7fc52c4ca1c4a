"""Language models: the one that comes in a wheel, a local folder, or a hub id."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from full_scale.config.training import ModelConfig
from full_scale.models.packaged import PACKAGED, ensure_packaged_model, quiet
from full_scale.models.refusals import refuse_broken_weights
from vas_theory.foundation.errors import ArgumentError, DataError, MissingExtraError
from vas_theory.provenance.folders import MANIFEST, folder_hash, verify_folder

__all__ = [
    "LanguageModel",
    "Pretrained",
    "check_device",
    "load_language_model",
    "load_pretrained",
    "quiet",
    "reads_images",
    "stop_ids",
]

_CONFIGURATION = "configuration (config.json)"


@dataclass(frozen=True)
class LanguageModel:
    """A causal language model ready to sample and to train.

    Args:
        model: float32 weights, dropout off.
        tokenizer: of the model.
        label: what to call it in figures.
        fingerprint: SHA-256 that names the weights and tokenizer.
        precision: of the matrix products, ``bfloat16`` or ``float32``.
        stop_ids: tokens that end a completion: every one whose text contains a newline, and the end of text.
    """

    model: Any
    tokenizer: Any
    label: str
    fingerprint: str
    precision: str
    stop_ids: tuple[int, ...]

    @property
    def device(self) -> Any:
        """The device the weights are on."""
        return self.model.device

    def autocast(self) -> contextlib.AbstractContextManager[Any]:
        """Return the context in which matrix products run at the configured precision."""
        import torch

        if self.precision == "float32":
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)


def check_device(name: str) -> None:
    """Refuse a device that PyTorch does not know, or that this machine does not have.

    Raises:
        ArgumentError: with what PyTorch says of it.
    """
    import torch

    try:
        torch.empty(1, device=name).tolist()  # which the device "meta" cannot do
    except Exception as error:  # each kind of device has errors of its own
        reason = str(error).splitlines()[0]
        raise ArgumentError("model.device", f"be a device of this machine, such as 'cpu' ({reason})", name) from None


def _precision(config: ModelConfig) -> str:
    import torch

    if config.precision != "auto":
        return config.precision
    if torch.device(config.device).type != "cpu":
        return "bfloat16"
    capabilities = torch.backends.cpu.get_cpu_capability()
    native = capabilities.startswith("AVX512") and torch.cpu._is_avx512_bf16_supported()
    return "bfloat16" if native or torch.cpu._is_amx_tile_supported() else "float32"


def _folder(config: ModelConfig) -> Path | None:
    if config.name == PACKAGED:
        return ensure_packaged_model()
    local = Path(config.name).expanduser()
    if local.is_dir():
        return local
    if config.name.startswith((".", "/", "~")):
        raise ArgumentError("model.name", f"be {PACKAGED!r}, an existing folder or a hub id", config.name)
    return None


@dataclass(frozen=True)
class Pretrained:
    """A model as it was stored.

    Args:
        model: on the CPU, dropout off.
        tokenizer: of the model.
        processor: of text and images where the model reads them, else the tokenizer.
        label: what to call it in figures.
        fingerprint: SHA-256 that names the weights and tokenizer; of the name alone for a hub id.
    """

    model: Any
    tokenizer: Any
    processor: Any
    label: str
    fingerprint: str


def reads_images(config: ModelConfig) -> bool:
    """Say whether a model reads images, from its configuration alone.

    Raises:
        ArgumentError: the name looks like a folder that is not there.
        DataError: the configuration cannot be found or read.
    """
    from transformers import AutoConfig

    folder = _folder(config)
    try:
        with quiet():
            settings = AutoConfig.from_pretrained(str(folder) if folder else config.name, trust_remote_code=False)
    except Exception as error:  # errors of every library are let through
        raise DataError(_absence(config.name, folder, _CONFIGURATION, error)) from error
    return hasattr(settings, "vision_config")


def load_pretrained(
    config: ModelConfig, *, weights: str = "float32", min_pixels: int = 7_056, max_pixels: int = 1_048_576
) -> Pretrained:
    """Load the packaged model, a folder or a hub id; one that reads images comes with their processor.

    A folder with a manifest is verified first. Code that comes with a model is never run, and weights are read from
    safetensors alone.

    Args:
        config: names the model.
        weights: precision they are kept in, ``float32`` or ``bfloat16``.
        min_pixels, max_pixels: images are resized to between these.

    Raises:
        ArgumentError: the name looks like a folder that is not there.
        IntegrityError: the folder's bytes are not those that were written.
        DataError: a part of the model cannot be found or read; the message says which.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText, AutoTokenizer

    folder = _folder(config)
    label, fingerprint = config.name, hashlib.sha256(config.name.encode()).hexdigest()
    verified = folder is not None and (folder / MANIFEST).exists()
    if folder is not None and verified:
        label = verify_folder(folder).get("label", label)
        fingerprint = folder_hash(folder)
    source = str(folder) if folder else config.name
    part = _CONFIGURATION
    try:
        with quiet():
            settings = AutoConfig.from_pretrained(source, trust_remote_code=False)
            sees = hasattr(settings, "vision_config")
            factory = AutoModelForImageTextToText if sees else AutoModelForCausalLM
            part = "weights"
            model, found = factory.from_pretrained(
                source,
                dtype=getattr(torch, weights),
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
            )
            if found["missing_keys"]:  # which would be drawn at random
                names = sorted(found["missing_keys"])
                raise DataError(f"{len(names)} tensors of the configuration are not there, such as {names[0]}")
            refuse_broken_weights(model)
            part = "image processor and tokenizer" if sees else "tokenizer"
            if sees:
                from full_scale.models.vision import load_processor

                processor = load_processor(source, min_pixels, max_pixels)
                tokenizer = processor.tokenizer
            else:
                processor = tokenizer = AutoTokenizer.from_pretrained(
                    source, padding_side="left", trust_remote_code=False
                )
    except MissingExtraError:
        raise
    except Exception as error:  # a file that was cut short lets errors of every library through
        raise DataError(_absence(config.name, folder, part, error)) from error
    model.eval()
    if folder is not None and not verified:
        fingerprint = _weights_hash(model)
    return Pretrained(model, tokenizer, processor, label, fingerprint)


def _absence(name: str, folder: Path | None, part: str, error: Exception) -> str:
    """Say in one line which part of a model is missing and what to do."""
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    if folder is not None:
        return f"model {name!r} cannot be loaded: its {part} cannot be read from {folder}: {reason}"
    return (
        f"model {name!r} cannot be loaded: its {part} is neither in the local cache nor could it be downloaded "
        f"({reason}); where there is network, unset HF_HUB_OFFLINE or run `hf download {name}`, "
        "or name a folder that holds the model"
    )


def load_language_model(config: ModelConfig) -> LanguageModel:
    """Load a model of text for the compact engine; see :func:`load_pretrained`.

    Raises:
        ArgumentError: the device does not exist, or the model reads images, which only the TRL engine does.
        IntegrityError: the folder's bytes are not those that were written.
        DataError: the model cannot be found or read.
    """
    check_device(config.device)
    found = load_pretrained(config)
    if found.processor is not found.tokenizer:
        raise ArgumentError("model.name", "be a model of text alone where engine is 'compact'", config.name)
    model = found.model.to(config.device)
    stops = stop_ids(found.tokenizer, model.config.vocab_size)
    return LanguageModel(model, found.tokenizer, found.label, found.fingerprint, _precision(config), stops)


def _weights_hash(model: Any) -> str:
    import torch

    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def stop_ids(tokenizer: Any, vocabulary: int) -> tuple[int, ...]:
    """Return the tokens below ``vocabulary`` whose text holds a newline, and the one that ends a text."""
    texts = tokenizer.batch_decode([[index] for index in range(len(tokenizer))])
    stops = {index for index, text in enumerate(texts) if "\n" in text}
    if tokenizer.eos_token_id is not None:
        stops.add(tokenizer.eos_token_id)
    return tuple(sorted(index for index in stops if index < vocabulary))
