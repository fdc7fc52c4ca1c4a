"""Which strategies real training can run, as the documentation says."""

from __future__ import annotations

import re

import numpy as np

from full_scale.trl_adapter.strategies import one_round_strategies
from paper_figures.drawing.declaration import ROOT
from vas_theory.selection.contract.driver import Generated, SelectionDriver
from vas_theory.selection.contract.strategy import SelectionSetting
from vas_theory.selection.strategies import make_strategy, strategy_class, strategy_names

GROUP = 8


def trains_on_whole_groups_of_its_step(name: str) -> bool:
    """What the compact engine asks for, over some steps of a made-up pool."""
    rng = np.random.default_rng(0)
    rates, settings = rng.random(40), SelectionSetting(40, 6, GROUP, 4000, seed=1)
    driver = SelectionDriver(make_strategy(name, settings))

    def generate(prompts_P: np.ndarray, counts_P: np.ndarray, first: int) -> Generated:
        rewards = (rng.random(counts_P.sum()) < np.repeat(rates[prompts_P], counts_P)).astype(float)
        return Generated(rewards, np.ones(len(rewards)), np.full(len(prompts_P), 0.5))

    for _ in range(12):
        first = driver.generated
        groups = driver.collect(generate)
        assert groups is not None
        if (groups.sizes_P != GROUP).any() or (groups.ids_R < first).any():
            return False
    return True


def test_the_documentation_names_what_each_trainer_runs() -> None:
    text = " ".join((ROOT / "paper_figures" / "docs" / "trl.md").read_text(encoding="utf-8").split())
    told = re.search(r"whole groups a step: (.*?)\. Those that.*?engine runs (.*?) too; .*? which (.*?) do not", text)
    assert told is not None
    in_trl, in_engine, in_neither = (set(re.findall(r"`([\w-]+)`", part)) for part in told.groups())
    assert in_trl == set(one_round_strategies()) - {"vas"}
    kinds = {name: strategy_class(name) for name in strategy_names()}
    possible = {name for name, kind in kinds.items() if kind.sampling == "independent" and not kind.needs_truth}
    whole = {name for name in possible if trains_on_whole_groups_of_its_step(name)}
    assert in_engine == whole - in_trl - {"vas"}
    assert in_neither == possible - whole
