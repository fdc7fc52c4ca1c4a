"""Questions from reasoning-gym's generators, at difficulty levels, scored by the generators' own scorers.

Only generators with one-line answers whose scorer compares text or numbers are offered: some others hand the answer
to an expression parser that runs it as code. A model that continues text sees a few solved questions of the same
level first; they come from a seed of their own and are never asked.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from full_scale.tasks.prompt import Prompt, Task
from full_scale.tasks.splitting import content_key, is_held_out
from vas_theory.foundation.command_line import require
from vas_theory.foundation.errors import ArgumentError, UnknownNameError

if TYPE_CHECKING:
    from full_scale.config.task import ReasoningGymConfig

__all__ = ["LEVELS", "build", "entries", "score"]

SHOT_SEED = 1_000_003
"""Added to the task's seed for the solved questions."""
LEVEL_SEED = 10_007
"""Times the level, added to the task's seed: levels of a generator share no stream."""
LONGEST = 2000
"""Characters beyond which an answer is wrong without being looked at."""


def _terms(terms: int, digits: int, **more: Any) -> dict[str, Any]:
    return {"min_terms": terms, "max_terms": terms, "min_digits": digits, "max_digits": digits, **more}


def _words(low: int, high: int) -> dict[str, Any]:
    return {"min_words": low, "max_words": high}


def _plain(terms: int, digits: int, *operators: str) -> dict[str, Any]:
    return _terms(terms, digits, operators=list(operators), allow_parentheses=False, allow_negation=False)


def _equation(terms: int, value: int) -> dict[str, Any]:
    return {"min_terms": 2, "max_terms": terms, "min_value": 1, "max_value": value}


def _sequence(complexity: int, value: int) -> dict[str, Any]:
    return {"min_terms": 5, "max_terms": 5, "min_value": -value, "max_value": value, "max_complexity": complexity}


def _legs(animals: int, instances: int) -> dict[str, Any]:
    return {"min_animals": animals, "max_animals": animals, "min_instances": 1, "max_instances": instances}


def _statements(count: int) -> dict[str, Any]:
    return {"min_num_statements": count, "max_num_statements": count}


def _candidates(count: int, largest: int) -> dict[str, Any]:
    return {"min_num_candidates": count, "max_num_candidates": count, "min_n": 10, "max_n": largest, "max_delta": 10.0}


LEVELS: dict[str, tuple[dict[str, Any], ...]] = {
    "chain_sum": (_terms(2, 1), _terms(2, 2), _terms(3, 2), _terms(4, 3)),
    "basic_arithmetic": (
        _plain(2, 1, "+", "-"),
        _plain(2, 1, "+", "-", "*"),
        _plain(3, 1, "+", "-", "*"),
        _plain(3, 2, "+", "-", "*"),
    ),
    "products": (_terms(2, 1), _terms(2, 1, max_digits=2), _terms(2, 2), _terms(2, 3)),
    "decimal_chain_sum": tuple(
        _terms(terms, digits, min_decimal_places=1, max_decimal_places=places)
        for terms, digits, places in ((2, 1, 1), (2, 2, 1), (3, 2, 2), (4, 3, 3))
    ),
    "gcd": tuple({"min_value": 1, "max_value": value} for value in (10, 30, 100, 1000)),
    "lcm": tuple({"min_value": 1, "max_value": value} for value in (6, 12, 30, 100)),
    "simple_equations": (_equation(2, 5), _equation(2, 12), _equation(3, 30), _equation(4, 100)),
    "number_sequence": (_sequence(1, 5), _sequence(1, 20), _sequence(2, 20), _sequence(3, 50)),
    "letter_counting": (_words(1, 2), _words(3, 5), _words(6, 10), _words(11, 20)),
    "spell_backward": tuple({"min_word_len": n, "max_word_len": n} for n in (3, 4, 5, 7)),
    "count_bits": tuple({"min_n": 1, "max_n": 2**bits - 1} for bits in (3, 5, 8, 16)),
    "leg_counting": (_legs(1, 3), _legs(1, 12), _legs(2, 12), _legs(4, 15)),
    "word_sequence_reversal": (_words(2, 2), _words(3, 3), _words(4, 5), _words(6, 8)),
    "word_sorting": (_words(2, 2), _words(3, 3), _words(4, 5), _words(6, 8)),
    "needle_haystack": (_statements(2), _statements(4), _statements(8), _statements(16)),
    "number_format": (_candidates(2, 100), _candidates(3, 1000), _candidates(4, 10**5), _candidates(5, 10**8)),
}
"""Settings of each generator from the easiest level on; what is not named is the generator's default."""


@cache
def _scorer(generator: str) -> Any:
    return require("reasoning_gym", "tasks").get_score_answer_fn(generator)


def entries(generator: str, level: int, seed: int, size: int) -> list[dict[str, Any]]:
    """Return generated questions: dictionaries with ``question``, ``answer`` and ``metadata``.

    Raises:
        UnknownNameError: the generator is not offered.
        ArgumentError: it has no such level.
        MissingExtraError: reasoning-gym is not installed.
    """
    if generator not in LEVELS:
        raise UnknownNameError("reasoning-gym generator", generator, LEVELS)
    if not 0 <= level < len(LEVELS[generator]):
        raise ArgumentError("task.levels", f"lie in 0 to {len(LEVELS[generator]) - 1} for {generator}", level)
    gym = require("reasoning_gym", "tasks")
    data = gym.create_dataset(generator, seed=seed + LEVEL_SEED * level, size=size, **LEVELS[generator][level])
    return [data[index] for index in range(size)]


def score(prompt: Prompt, answer: str) -> float:
    """Return the own score of the prompt's generator for an answer, in [0, 1].

    Without partial credit anything below full marks is 0.
    """
    entry = json.loads(prompt.entry)
    if not answer or len(answer) > LONGEST:
        return 0.0
    value = float(_scorer(entry["generator"])(answer, entry))
    return value if entry["partial_credit"] else float(value >= 1.0)


def _block(question: str, answer: str | None = None) -> str:
    return f"Question: {question.strip()}\nAnswer:" + ("" if answer is None else f" {answer}\n\n")


def build(config: ReasoningGymConfig) -> Task:
    """Return the questions of every generator and level; one that comes twice is asked once, at its lowest level."""
    sides: dict[bool, list[Prompt]] = {False: [], True: []}
    for generator in dict.fromkeys(config.generators):
        seen: set[str] = set()
        for level in sorted(set(config.levels)):
            shots = _distinct(entries(generator, level, config.seed + SHOT_SEED, 4 * config.shots + 1))[: config.shots]
            seen.update(entry["question"] for entry in shots)
            prefix = "".join(_block(entry["question"], entry["answer"]) for entry in shots)
            for entry in entries(generator, level, config.seed, config.per_level):
                question = entry["question"]
                if question in seen:
                    continue
                seen.add(question)
                about = {
                    "generator": generator,
                    "partial_credit": config.partial_credit,
                    "answer": entry["answer"],
                    "metadata": entry["metadata"],
                }
                prompt = Prompt(
                    key=f"reasoning_gym/{generator}/{level}/{content_key(question)}",
                    text=prefix + _block(question),
                    answer=entry["answer"],
                    question=question,
                    check="reasoning_gym",
                    stratum=generator,
                    level=level,
                    entry=json.dumps(about, default=str, sort_keys=True),
                )
                sides[is_held_out(f"{generator} {question}", config.held_out_fraction)].append(prompt)
    return Task("reasoning_gym", tuple(sides[False]), tuple(sides[True]))


def _distinct(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({entry["question"]: entry for entry in found}.values())
