"""What a task is made of: prompts with stable keys, already split into training and held-out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

__all__ = ["Prompt", "Task"]


@dataclass(frozen=True)
class Prompt:
    """One question.

    Args:
        key: stable identity, the same in every run, table and checkpoint.
        text: what a model that continues text reads.
        answer: the reference answer, compared and never evaluated.
        question: the question alone, for a model that is asked in a conversation; ``""`` if it is ``text``.
        check: how completions are compared with the answer, a name in :data:`full_scale.rewards.checks.CHECKS`.
        stratum: the kind of question, in tables.
        level: its difficulty within the stratum as the task defines it; larger is meant to be harder.
        entry: what the check needs besides the answer, as JSON.
        images: encoded images that belong to the question, as they are in the file.
    """

    key: str
    text: str
    answer: str
    question: str = ""
    check: str = "exact_match"
    stratum: str = ""
    level: int = 0
    entry: str = ""
    images: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Task:
    """A set of questions; no held-out question shares its content (in arithmetic: its operands) with a training one."""

    name: str
    training: tuple[Prompt, ...]
    held_out: tuple[Prompt, ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of everything the questions say: runs with equal settings but other data differ in it."""
        digest = hashlib.sha256()
        for side in (self.training, self.held_out):
            for prompt in side:
                fields = [value for value in vars(prompt).values() if not isinstance(value, tuple)]
                digest.update(repr((fields, [hashlib.sha256(image).digest() for image in prompt.images])).encode())
            digest.update(b"side")
        return digest.hexdigest()
