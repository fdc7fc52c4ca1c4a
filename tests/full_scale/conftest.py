"""A tiny random Llama with a character tokenizer, through the same classes and files as the real model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.full_scale.answering.servers import Server

if TYPE_CHECKING:
    from full_scale.advising.evidence import MeasuredWorld

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


SPECIAL = ["<pad>", "<end>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
CHARACTERS = "\n =+-*0123456789?abcdefghijklmnopqrstuvwxyz"
TEMPLATE = (
    "{% for message in messages %}{% if message.content is string %}{{ message.content }}{% else %}"
    "{% for part in message.content %}{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}={% endif %}"
)


def build_tiny_vision(folder: Path) -> Path:
    """Write a two-layer model with a two-layer image tower, its tokenizer and its image processor."""
    import torch
    from tokenizers import AddedToken, Regex, Tokenizer
    from tokenizers.decoders import Fuse
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Split
    from transformers import PreTrainedTokenizerFast, Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    from full_scale.models.vision import ImageProcessor

    try:
        from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil as Images
    except ModuleNotFoundError:  # the oldest transformers allowed has its PIL class under another name
        from transformers.models.qwen2_vl.image_processing_qwen2_vl import Qwen2VLImageProcessor as Images

    words = {token: index for index, token in enumerate([*SPECIAL, *CHARACTERS])}
    tokenizer = Tokenizer(WordLevel(words, unk_token="<pad>"))
    tokenizer.pre_tokenizer = Split(Regex(r"[\s\S]"), behavior="isolated")
    tokenizer.decoder = Fuse()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<end>")
    fast.chat_template = TEMPLATE
    config = Qwen2_5_VLConfig(
        text_config={
            "vocab_size": len(words),
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "max_position_embeddings": 512,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [1, 1, 2]},
            "bos_token_id": 0,
            "eos_token_id": 1,
            "pad_token_id": 0,
        },
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_heads": 2,
            "out_hidden_size": 32,
            "patch_size": 14,
            "window_size": 28,
            "fullatt_block_indexes": [1],
        },
        image_token_id=words["<|image_pad|>"],
        video_token_id=words["<|video_pad|>"],
        vision_start_token_id=words["<|vision_start|>"],
        vision_end_token_id=words["<|vision_end|>"],
        tie_word_embeddings=True,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        Qwen2_5_VLForConditionalGeneration(config).save_pretrained(folder)
    ImageProcessor(Images(), fast, chat_template=TEMPLATE).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_vision(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random Qwen2.5-VL through the same classes and files as the real ones."""
    return build_tiny_vision(tmp_path_factory.mktemp("vision"))


@pytest.fixture(scope="session")
def picture() -> Callable[[int], bytes]:
    """Encoded pictures of 56 x 56 pixels, by how red they are."""
    import io

    from PIL import Image

    def png(red: int) -> bytes:
        stream = io.BytesIO()
        Image.new("RGB", (56, 56), (red, 0, 0)).save(stream, "PNG")
        return stream.getvalue()

    return png


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
    from full_scale.config.training import ModelConfig
    from full_scale.models.loading import load_language_model

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


def _draw_less(patch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("lib.prompt_draws.DRAWS", 2000),
        *((f"{module}.FEW", 500) for module in ("p1_gradient_norms", "p2_whitening_gain", "p6_diversity")),
        ("lib.measurements.RESAMPLES", 60),
        ("lib.pool.DRAWS", 500),
        ("lib.pool.REFITS", 25),
        ("lib.evidence.REHEARSALS", 5),
    ):
        patch.setattr(f"full_scale.predictions.{name}", value)


@pytest.fixture
def fewer_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Monte Carlo sizes at which predictions take a fraction of a second; what is claimed has room for the noise."""
    _draw_less(monkeypatch)


@pytest.fixture(scope="session")
def finished_study(study_toml: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished study of the tiny model; its calibration is given, because a random model rarely is right.

    Tests that predict anew draw as little as this study did, with ``fewer_draws``.
    """
    import numpy as np
    import pandas as pd

    import full_scale.stages
    from full_scale.__main__ import main

    folder = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch:
        measure = full_scale.stages.measure_prompts

        def measured(language: Any, prompts: Any, purpose: str, *more: Any) -> pd.DataFrame:
            frame = measure(language, prompts, purpose, *more)
            given = {
                "mu_distance": 130.0 + np.arange(len(frame)),
                "score_norm": 200.0,
                "trace_right": 4e4,
                "trace_wrong": 4e4,
            }
            return frame.assign(**given) if purpose == "calibration" else frame

        patch.setattr("full_scale.stages.measure_prompts", measured)
        _draw_less(patch)
        assert main(["study", "--config", str(study_toml), "--output", str(folder)]) == 0
    return folder


@pytest.fixture(scope="session")
def measured_worlds() -> list[MeasuredWorld]:
    """What the committed table of the network laboratory says."""
    from full_scale.advising.evidence import read_evidence

    return read_evidence()


@pytest.fixture
def server() -> Iterator[Server]:
    """An OpenAI-compatible server that always answers 4, unless the test says otherwise."""
    found = Server()
    yield found
    found.http.shutdown()
    found.http.server_close()
