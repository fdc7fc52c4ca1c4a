"""Keys and the split between training and held-out questions: both are hashes of what a question says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

__all__ = ["content_key", "is_held_out"]


def content_key(question: str, images: Sequence[bytes] = ()) -> str:
    """Return 64 bits of BLAKE2b over a question and its images, as hex: the same in every run and file order."""
    parts = [question, *(hashlib.sha256(image).hexdigest() for image in images)]
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def is_held_out(content: str, fraction: float) -> bool:
    """Say whether a question is held out: its hash, uniform in [0, 1), lies below ``fraction``.

    The answer depends on the content alone, so a question stays on its side whatever else the data set holds.
    """
    digest = hashlib.sha256(f"held-out question {content}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < fraction
