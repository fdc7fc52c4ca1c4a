"""The shrunk model: sizes, a tokenizer that loses nothing, and the same conversations as for a large model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from full_scale.config.training import ModelConfig
from full_scale.models.loading import Pretrained, load_pretrained
from full_scale.tasks.templates import INSTRUCTIONS
from full_scale.visual.puzzles import LEVELS, make_puzzle
from full_scale.visual.solver import solve
from full_scale.visual.tiny_model import TinySizes, build_tiny_model, vocabulary
from vas_theory.foundation.errors import ArgumentError

SMALL = TinySizes(hidden=64, layers=1, heads=4, key_value_heads=2, vision_hidden=32, vision_depth=1, vision_heads=2)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Pretrained:
    folder = build_tiny_model(tmp_path_factory.mktemp("tiny") / "model", SMALL)
    return load_pretrained(ModelConfig(name=str(folder)))


def test_every_text_of_the_pictures_is_written_without_loss(small: Pretrained) -> None:
    tokenizer = small.tokenizer
    assert len(tokenizer) == len(vocabulary())
    for kind in LEVELS:
        for level in range(LEVELS[kind]):
            for number in range(4):
                puzzle = make_puzzle(kind, level, 3, number)
                chain = solve(puzzle.question, puzzle.image, 0.3, np.random.default_rng(number))
                for text in (puzzle.question.replace("<image>", ""), chain, puzzle.answer):
                    ids = tokenizer(text).input_ids
                    assert tokenizer.unk_token_id not in ids, text
                    assert tokenizer.decode(ids) == text


def test_an_instruction_is_one_token_and_a_picture_sixteen(small: Pretrained) -> None:
    from PIL import Image

    for text in INSTRUCTIONS.values():
        assert len(small.tokenizer(text).input_ids) == 1
    turns = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is the value of red?"}]}]
    words = small.processor.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    inputs = small.processor(text=[words], images=[[Image.new("RGB", (112, 112))]], return_tensors="pt")
    place = small.tokenizer.convert_tokens_to_ids("<|image_pad|>")
    assert int((inputs["input_ids"] == place).sum()) == 16  # 8 x 8 patches, four to a token
    assert words.endswith("<|im_start|>assistant\n")


def test_saved_models_name_a_processor_that_others_know(tmp_path: Path) -> None:
    import json

    folder = build_tiny_model(tmp_path / "model", SMALL)
    settings = json.loads((folder / "processor_config.json").read_text(encoding="utf-8"))
    assert settings["processor_class"] == "Qwen2_5_VLProcessor"
    assert load_pretrained(ModelConfig(name=str(folder))).processor.image_token == "<|image_pad|>"


def test_the_start_is_a_function_of_the_seed(small: Pretrained, tmp_path: Path) -> None:
    import torch

    same = load_pretrained(ModelConfig(name=str(build_tiny_model(tmp_path / "same", SMALL))))
    weights, others = small.model.state_dict(), same.model.state_dict()
    assert all(torch.equal(weights[name], others[name]) for name in weights)
    assert small.fingerprint == same.fingerprint


def test_the_usual_sizes_are_about_a_million(tmp_path: Path) -> None:
    import torch
    from transformers import Qwen2_5_VLForConditionalGeneration

    from full_scale.visual.tiny_model import _configuration, _tokenizer

    with torch.device("meta"):
        model = Qwen2_5_VLForConditionalGeneration(_configuration(TinySizes(), _tokenizer()))
    assert 1.0e6 < sum(parameter.numel() for parameter in model.parameters()) < 1.3e6


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ArgumentError, match="vision_heads must divide"):
        TinySizes(vision_heads=5)
    with pytest.raises(ArgumentError, match="key_value_heads must divide heads = 8"):
        TinySizes(key_value_heads=3)
    with pytest.raises(ArgumentError, match="heads must divide hidden"):
        TinySizes(heads=7)
