"""A shrunk Qwen2.5-VL from a random start, with tokenizer and processor: transformers' own classes, nothing downloaded.

The tokenizer knows the words of the pictures' questions and answers; each instruction that a conversation begins with
is one token, so that the same conversations as for a large model stay short.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from full_scale.models.packaged import quiet
from full_scale.models.saving import name_stock_processor
from full_scale.models.vision import ImageProcessor
from full_scale.tasks.templates import INSTRUCTIONS
from full_scale.visual.pictures import COLOURS, SHAPES
from vas_theory.foundation.errors import ArgumentError, VASError
from vas_theory.provenance.folders import new_folder

__all__ = ["TinySizes", "build_tiny_model", "vocabulary"]

SPECIAL = (
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>"),
    *("<|image_pad|>", "<|video_pad|>"),
)
LARGEST_NUMBER = 99
_PIECES = r"</?\w+>|\\boxed| ?[A-Za-z]+|[0-9]+|[\s\S]"
_QUESTIONS = (
    "What is the value difference sum of and How many shapes are there Which square is the largest smallest dots "
    "missing Question Answer"
)
_MARKS = (
    "<think>",
    "</think>",
    "<answer>",
    "</answer>",
    "\\boxed",
    "{",
    "}",
    "+",
    "-",
    "=",
    "?",
    ".",
    ":",
    ";",
    ",",
    " ",
    "\n",
)


@dataclass(frozen=True)
class TinySizes:
    """Sizes of the shrunk model; the smallest that learn the pictures are about a million parameters.

    Args:
        hidden: width of the language model and of what the tower hands to it.
        layers, heads, key_value_heads: of the language model.
        vision_hidden, vision_depth, vision_heads: of the image tower; a head's width must be divisible by 4.
        spread: standard deviation of the random start; the library's own .02 learns far slower at these sizes.
        seed: of the random start.
    """

    hidden: int = 128
    layers: int = 3
    heads: int = 8
    key_value_heads: int = 4
    vision_hidden: int = 96
    vision_depth: int = 2
    vision_heads: int = 6
    spread: float = 0.08
    seed: int = 0

    def __post_init__(self) -> None:
        if self.hidden % self.heads or (self.hidden // self.heads) % 2:
            raise ArgumentError("heads", f"divide hidden = {self.hidden} into an even width", self.heads)
        if self.heads % self.key_value_heads:
            raise ArgumentError("key_value_heads", f"divide heads = {self.heads}", self.key_value_heads)
        if self.vision_hidden % (4 * self.vision_heads):
            needs = f"divide vision_hidden = {self.vision_hidden} into a width divisible by 4"
            raise ArgumentError("vision_heads", needs, self.vision_heads)


def vocabulary() -> list[str]:
    """Return every token, special ones first; the place is the token's number."""
    words = [*re.findall(r"[A-Za-z]+", _QUESTIONS), *COLOURS, *(f"{shape}s" for shape in SHAPES)]
    words += ["system", "user", "assistant"]
    numbers = [str(value) for value in range(LARGEST_NUMBER + 1)]
    plain = [*_MARKS, *words, *numbers, *(f" {word}" for word in words)]
    return list(dict.fromkeys([*SPECIAL, *INSTRUCTIONS.values(), "<unknown>", *plain]))


def _tokenizer() -> Any:
    from tokenizers import AddedToken, Regex, Tokenizer
    from tokenizers.decoders import Fuse
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Split
    from transformers import PreTrainedTokenizerFast

    tokens = vocabulary()
    tokenizer = Tokenizer(WordLevel({token: place for place, token in enumerate(tokens)}, unk_token="<unknown>"))
    tokenizer.pre_tokenizer = Split(Regex(_PIECES), behavior="isolated")
    tokenizer.decoder = Fuse()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in INSTRUCTIONS.values()])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<|endoftext|>",
        eos_token="<|im_end|>",
        unk_token="<unknown>",
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )


def _template() -> str:
    """Return the chat template of Qwen2.5-VL, which TRL carries."""
    try:
        from trl.chat_template_utils import qwen2_5_vl_chat_template
    except ImportError:
        raise VASError("the shrunk model needs trl 1.16, which carries the chat template of Qwen2.5-VL") from None
    return str(qwen2_5_vl_chat_template)


def _configuration(sizes: TinySizes, tokenizer: Any) -> Any:
    from transformers import Qwen2_5_VLConfig

    place = tokenizer.convert_tokens_to_ids
    half = sizes.hidden // sizes.heads // 2  # the sections of the rotary positions sum to half a head
    time = half // 4
    return Qwen2_5_VLConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": sizes.hidden,
            "intermediate_size": 3 * sizes.hidden,
            "num_hidden_layers": sizes.layers,
            "num_attention_heads": sizes.heads,
            "num_key_value_heads": sizes.key_value_heads,
            "max_position_embeddings": 1024,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 1e4,
                "mrope_section": [time, (half - time) // 2, half - time - (half - time) // 2],
            },
            "initializer_range": sizes.spread,
            "tie_word_embeddings": True,
            "bos_token_id": place("<|endoftext|>"),
            "eos_token_id": place("<|im_end|>"),
            "pad_token_id": place("<|endoftext|>"),
        },
        vision_config={
            "depth": sizes.vision_depth,
            "hidden_size": sizes.vision_hidden,
            "intermediate_size": 3 * sizes.vision_hidden,
            "num_heads": sizes.vision_heads,
            "out_hidden_size": sizes.hidden,
            "patch_size": 14,
            "window_size": 112,
            "fullatt_block_indexes": [sizes.vision_depth - 1],
            "initializer_range": sizes.spread,
        },
        image_token_id=place("<|image_pad|>"),
        video_token_id=place("<|video_pad|>"),
        vision_start_token_id=place("<|vision_start|>"),
        vision_end_token_id=place("<|vision_end|>"),
        tie_word_embeddings=True,
        initializer_range=sizes.spread,
    )


def build_tiny_model(folder: Path, sizes: TinySizes | None = None) -> Path:
    """Write a shrunk model with its tokenizer and image processor to a folder, whole or not at all, and return it.

    Raises:
        ArgumentError: sizes do not fit together.
    """
    import torch
    from transformers import GenerationConfig, Qwen2_5_VLForConditionalGeneration
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    sizes = sizes or TinySizes()
    tokenizer = _tokenizer()
    with torch.random.fork_rng():
        torch.manual_seed(sizes.seed)
        model = Qwen2_5_VLForConditionalGeneration(_configuration(sizes, tokenizer))
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, do_sample=True
    )
    template = _template()
    images = Qwen2VLImageProcessorPil(size={"shortest_edge": 7_056, "longest_edge": 1_048_576})
    about = {"label": "shrunk Qwen2.5-VL, random start", "sizes": vars(sizes)}
    with quiet(), new_folder(folder, about) as target:
        model.save_pretrained(target)
        ImageProcessor(images, tokenizer, chat_template=template).save_pretrained(target)
        name_stock_processor(target)
    return folder
