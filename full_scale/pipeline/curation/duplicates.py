"""Near-duplicates among problems, and between problems and evaluation sets, with datasketch's MinHash index.

Two problems are near when they show the same pictures, name the same numbers, and the Jaccard index of their word
triples reaches a threshold. Problems with other numbers or other pictures are other problems, however alike their
words. The index grows with the problems that were kept: it is the one part of a curation whose memory is not constant.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vas_theory.foundation.command_line import require
from vas_theory.foundation.errors import ArgumentError

__all__ = ["NearDuplicates", "picture_hash", "word_triples"]

_WORD = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)?")


def picture_hash(data: bytes) -> str:
    """Return a hash of a picture's pixels: another encoding without loss is the same picture, a lossy one is not.

    Bytes that are no picture are hashed as they are.
    """
    image = require("PIL.Image", "full-scale")
    try:
        with image.open(io.BytesIO(data)) as opened:
            pixels = opened.convert("RGB")
            content = repr(pixels.size).encode() + pixels.tobytes()
    except Exception:  # each decoder has errors of its own
        content = data
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def word_triples(problem: str) -> tuple[set[str], list[str]]:
    """Return the word triples of a problem and the numbers in it, sorted; short problems count as one piece."""
    words = _WORD.findall(problem.replace("<image>", " ").lower())
    triples = {" ".join(words[place : place + 3]) for place in range(len(words) - 2)}
    return triples or {" ".join(words)}, sorted(word for word in words if word[0].isdigit())


class NearDuplicates:
    """Finds out whether a problem is near one that was added before.

    Args:
        threshold: Jaccard index from which on problems are near, in (0, 1].
        permutations: of the MinHash; more of them estimate the index better, and take more time and memory.

    Raises:
        ArgumentError: the threshold is out of range.
        MissingExtraError: datasketch is not installed.
    """

    def __init__(self, threshold: float, permutations: int = 64) -> None:
        if not 0 < threshold <= 1:
            raise ArgumentError("near_duplicates", "lie in (0, 1]", threshold)
        datasketch = require("datasketch", "full-scale")
        self._threshold = threshold
        self._blank = datasketch.MinHash(num_perm=permutations, seed=1)
        self._index = datasketch.MinHashLSH(threshold=threshold, num_perm=permutations, hashfunc=_short)
        self._signatures: list[NDArray[np.uint32]] = []
        self._labels: list[str] = []

    def __len__(self) -> int:
        return len(self._labels)

    def near(self, problem: str, images: Sequence[bytes], label: str) -> str | None:
        """Return the label of an earlier problem that this one is near; without one add it and return None.

        Args:
            problem: its text.
            images: encoded pictures that it shows.
            label: what to call it when a later one is near it.
        """
        triples, numbers = word_triples(problem)
        # what has to be equal goes into each piece: problems that differ in it share none
        same = "|".join((*map(picture_hash, images), *numbers))
        sketch = self._blank.copy()
        sketch.update_batch([f"{same}#{triple}".encode("utf-8", "surrogatepass") for triple in sorted(triples)])
        signature = np.asarray(sketch.hashvalues).astype(np.uint32)
        for place in sorted(self._index.query(sketch)):
            if float((self._signatures[place] == signature).mean()) >= self._threshold:
                return self._labels[place]
        self._index.insert(len(self._labels), sketch, check_duplication=False)
        self._signatures.append(signature)
        self._labels.append(label)
        return None


def _short(band: bytes) -> bytes:
    """Return 8 bytes for a band of the index, which holds several times as many."""
    return hashlib.blake2b(band, digest_size=8).digest()
