"""Reading images without torchvision: the processor of Qwen2.5-VL, less its videos."""

from __future__ import annotations

from typing import Any

from transformers import AutoImageProcessor, AutoTokenizer
from transformers.models.qwen2_5_vl.processing_qwen2_5_vl import Qwen2_5_VLProcessor
from transformers.processing_utils import ProcessorMixin

__all__ = ["ImageProcessor", "load_processor"]


class ImageProcessor(Qwen2_5_VLProcessor):
    """Text and images of Qwen2.5-VL; transformers' own class also builds a video processor, which needs torchvision."""

    def __init__(self, image_processor: Any = None, tokenizer: Any = None, chat_template: str | None = None) -> None:
        self.image_token, self.video_token = "<|image_pad|>", "<|video_pad|>"
        self.image_token_id = tokenizer.convert_tokens_to_ids(self.image_token)
        self.video_token_id = tokenizer.convert_tokens_to_ids(self.video_token)
        ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=chat_template)


def load_processor(source: str, min_pixels: int, max_pixels: int) -> ImageProcessor:
    """Load the processor of a Qwen2.5-VL model.

    Args:
        source: folder or hub id.
        min_pixels, max_pixels: images are resized to between these.
    """
    size = {"shortest_edge": min_pixels, "longest_edge": max_pixels}  # areas, in spite of their names
    # most published models have the older names in their file, which win over sizes
    images = AutoImageProcessor.from_pretrained(
        source, size=size, min_pixels=min_pixels, max_pixels=max_pixels, trust_remote_code=False
    )
    tokenizer = AutoTokenizer.from_pretrained(source, padding_side="left", trust_remote_code=False)
    return ImageProcessor(images, tokenizer, chat_template=tokenizer.chat_template)
