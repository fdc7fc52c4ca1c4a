"""A tiny random Llama with a character tokenizer, through the same classes and files as the real model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

VOCABULARY = ["<pad>", "<end>", "\n", " ", "=", "+", "-", "*", *"0123456789"]


def build_tiny(folder: Path, vocabulary: list[str] | None = None, seed: int = 0, scale: float = 0.3) -> Path:
    """Write a two-layer Llama and its tokenizer to a folder and return it."""
    import torch
    from tokenizers import Regex, Tokenizer
    from tokenizers.decoders import Fuse
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Split
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokens = vocabulary or VOCABULARY
    tokenizer = Tokenizer(WordLevel({token: index for index, token in enumerate(tokens)}, unk_token="<pad>"))
    tokenizer.pre_tokenizer = Split(Regex(r"[\s\S]"), behavior="isolated")
    tokenizer.decoder = Fuse()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<end>")
    fast.save_pretrained(folder)
    generator = torch.Generator().manual_seed(seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokens),
            hidden_size=24,
            intermediate_size=40,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=128,
            tie_word_embeddings=True,
            pad_token_id=0,
            bos_token_id=1,
            eos_token_id=1,
        )
    )
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * scale)
            else:
                parameter.copy_(1 + torch.randn(parameter.shape, generator=generator) * 0.1)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_builder() -> Callable[..., Path]:
    return build_tiny


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def double_norms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the norms at the model's precision: the library casts them to float32, which would hide small errors."""
    import torch
    from transformers.models.llama.modeling_llama import LlamaRMSNorm

    def forward(self: Any, x: torch.Tensor) -> torch.Tensor:
        return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon)

    monkeypatch.setattr(LlamaRMSNorm, "forward", forward)


@pytest.fixture
def tiny(tiny_folder: Path, double_norms: None) -> Any:
    """The tiny model at double precision, where equality with an oracle is a matter of 1e-10."""
    from full_scale.config import ModelConfig
    from full_scale.models import load_language_model

    language = load_language_model(ModelConfig(name=str(tiny_folder), precision="float32"))
    language.model.double()
    return language


@pytest.fixture(scope="session")
def study_toml(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of the tiny model that takes seconds."""
    path = tmp_path_factory.mktemp("config") / "tiny.toml"
    path.write_text(
        f"""
[model]
name = "{tiny_folder}"
precision = "float32"
[task]
largest_operand = 4
[rollouts]
prompts_per_step = 4
group_size = 8
max_new_tokens = 1  # one digit: a random model hits it often enough for mixed groups
[optimiser]
learning_rate = 1e-3
[training]
steps = 6
evaluate_every = 3
checkpoint_every = 1
[[arms]]
name = "uniform"
mixture_ratio = 0.0
[[arms]]
name = "vas"
mixture_ratio = 0.5
[probe]
pilot_prompts = 12
pilot_rollouts = 4
calibration_prompts = 3
prompts = 3
rollouts = 8
[evaluation]
rollouts = 2
ks = [1, 2]
""",
        encoding="utf-8",
    )
    return path
