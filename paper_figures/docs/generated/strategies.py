"""The table of strategies: what each does, whose it is, and which trainer can run it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import numpy as np

from paper_figures.docs.generated.tables import markdown
from vas_theory.selection.contract.driver import Generated, SelectionDriver
from vas_theory.selection.contract.strategy import SelectionSetting
from vas_theory.selection.strategies import make_strategy, one_round_strategies, strategy_class, strategy_names

__all__ = ["strategies", "trains_on_whole_groups"]

_GROUP, _STEPS = 8, 12
_SOURCE = re.compile(r"^Source: (.*?)(?:\.$|\.\s|;|$)", re.MULTILINE)


def trains_on_whole_groups(name: str) -> bool:
    """Return whether a strategy trains on whole groups of its own step, over some steps of a made-up pool.

    That is what the compact engine asks for.
    """
    kind = strategy_class(name)
    if kind.needs_truth or kind.sampling != "independent":
        return False
    rng = np.random.default_rng(0)
    rates_P = rng.random(40)
    driver = SelectionDriver(make_strategy(name, SelectionSetting(40, 6, _GROUP, 4000, seed=1)))

    def generate(prompts_P: np.ndarray, counts_P: np.ndarray, first: int) -> Generated:
        rewards = (rng.random(counts_P.sum()) < np.repeat(rates_P[prompts_P], counts_P)).astype(float)
        return Generated(rewards, np.ones(len(rewards)), np.full(len(prompts_P), 0.5))

    for _ in range(_STEPS):
        first = driver.generated
        groups = driver.collect(generate)
        assert groups is not None
        if (groups.sizes_P != _GROUP).any() or (groups.ids_R < first).any():
            return False
    return True


def _inline(text: str) -> str:
    """Return one line of a docstring as a cell in Markdown."""
    text = re.sub(r":math:`(.*?)`", r"$\1$", " ".join(text.split()))
    return text.replace("``", "`").replace("|", "\\|")


def strategies(_root: Path) -> str:
    """Return one row a strategy: name, what it does, source, and whether TRL and the compact engine can run it."""
    in_trl, rows = set(one_round_strategies()), []
    for name in strategy_names():
        text = inspect.getdoc(strategy_class(name)) or ""
        source = _SOURCE.search(text)
        shown = [_inline(part) for part in (text.split("\n\n")[0], source[1] if source else "")]
        runs = ["yes" if able else "–" for able in (name in in_trl, trains_on_whole_groups(name))]
        rows.append([f"`{name}`", *shown, *runs])
    return markdown(["strategy", "what it does", "source", "in TRL", "in the compact engine"], rows)
