"""The four forms of variance-aware sampling and uniform sampling: draws by frequency, refreshes by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tests.false_alarms import USUAL
from tests.vas_theory.selection.strategies.builders import received, setting
from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.strategy import FloatArray, Strategy
from vas_theory.selection.strategies.props import Props
from vas_theory.selection.strategies.uniform import Uniform
from vas_theory.selection.strategies.vas import Vas
from vas_theory.selection.strategies.vas_paper import VasPaper
from vas_theory.selection.strategies.vas_released import VasReleased
from vas_theory.selection.strategies.vas_reuse import VasReuse


def score_everything(arm: Strategy, rewards: list[list[float]], diversity: list[float] | None = None) -> None:
    proposal = arm.propose(np.random.default_rng(0))
    assert proposal is not None
    assert proposal[0].tolist() == list(range(len(rewards)))
    arm.receive(received(proposal[0].tolist(), rewards, diversity=diversity))


def test_vas_paper_scores_by_hand() -> None:
    arm = VasPaper(setting(prompts=3, batch_size=4), scoring_rollouts=4)
    score_everything(arm, [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]], [0.5, 0.0, 1.0])
    assert arm.weights_P == pytest.approx([0.8 * 3 / 16 + 0.1, 0.8 / 4, 0.2])


def test_vas_paper_draws_by_weight_with_replacement_and_the_rest_uniformly() -> None:
    """Frequencies of both halves by chi-square; each test has a false-alarm rate of 1e-4."""
    arm = VasPaper(setting(prompts=5, batch_size=4), mixture_ratio=0.5)
    arm.weights_P = np.array([0.25, 0.1, 0.0, 0.05, 0.2])
    rng = np.random.default_rng(8)
    drawn = np.array([arm._draw(rng) for _ in range(5000)])
    weighted, uniform = (np.bincount(half.ravel(), minlength=5) for half in (drawn[:, :2], drawn[:, 2:]))
    assert weighted[2] == 0
    positive = arm.weights_P > 0
    expected: FloatArray = 10_000 * arm.weights_P[positive] / arm.weights_P.sum()
    assert stats.chisquare(weighted[positive], expected).pvalue > USUAL
    # two of a step's uniform share differ, which makes the counts less variable than the test assumes, not more
    assert stats.chisquare(uniform, np.full(5, 2000)).pvalue > USUAL
    twice = (drawn[:, 0] == drawn[:, 1]).sum()
    shares = arm.weights_P / arm.weights_P.sum()
    assert stats.binomtest(int(twice), 5000, float((shares**2).sum())).pvalue > USUAL


@pytest.mark.parametrize(("ratio", "weighted"), [(0.0, 0), (0.3, 2), (0.5, 4), (0.999, 7), (1.0, 8)])
def test_vas_paper_takes_the_floor_of_its_share(ratio: float, weighted: int) -> None:
    """Only prompt 0 has weight, so that every weighted place shows."""
    arm = VasPaper(setting(prompts=100, batch_size=8), mixture_ratio=ratio)
    arm.weights_P[0] = 1.0
    drawn = [np.count_nonzero(arm._draw(np.random.default_rng(seed)) == 0) for seed in range(6)]
    assert min(drawn) == weighted


def test_vas_paper_refreshes_every_interval_and_pays() -> None:
    arm = VasPaper(setting(prompts=3, batch_size=2), update_interval=2, scoring_rollouts=5)
    sizes = []
    for _ in range(4):
        while (proposal := arm.propose(np.random.default_rng(0))) is not None:
            sizes.append(int(proposal[1].sum()))
            arm.receive(received(proposal[0].tolist(), [[1.0, 0.0] * 2 + [1.0] * (n - 4) for n in proposal[1]]))
        arm.training_groups()
    assert sizes == [15, 8, 8, 15, 8, 8]


def test_vas_paper_without_any_weight_is_uniform() -> None:
    arm = VasPaper(setting(prompts=4, batch_size=3))
    assert len(set(arm._draw(np.random.default_rng(0)).tolist())) == 3


def test_vas_released_normalises_and_keeps_momentum() -> None:
    arm = VasReleased(setting(prompts=3, batch_size=2), scoring_rollouts=4, momentum=0.5, beta=0.5)
    score_everything(arm, [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]], [0.5, 0.0, 1.0])
    # 3/16 + .5 (1 - .5), 1/4 + .5, 0: similar rollouts raise the score; the lowest becomes 0 and the highest 1
    first = np.array([(3 / 16 + 0.25) / 0.75, 1.0, 0.0])
    assert arm.weights_P == pytest.approx(first)
    arm._phase = "scoring"
    arm.receive(received([0, 1, 2], [[0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0]], diversity=[1.0, 1.0, 1.0]))
    assert arm.weights_P == pytest.approx(0.5 * first + 0.5 * np.array([0, 0, 1]))


def test_vas_released_walks_one_permutation_for_ever() -> None:
    arm = VasReleased(setting(prompts=7, batch_size=3), mixture_ratio=0.0)
    rng = np.random.default_rng(0)
    batches = [arm._draw(rng).tolist() for _ in range(4)]
    assert batches[0] == batches[2]
    assert batches[1] == batches[3]
    assert len({*batches[0], *batches[1]}) == 6  # the seventh prompt, in the tail, is never drawn uniformly


def test_vas_reuse_scores_from_training_groups() -> None:
    arm = VasReuse(setting(prompts=4, batch_size=2))
    assert arm.scores_P == pytest.approx(0.8 / 4 + 0.2)
    arm.observe(received([1, 3], [[1, 0, 0, 0], [1, 1, 1, 1]], diversity=[0.3, 0.9]))
    assert arm.scores_P == pytest.approx([0.4, 0.8 * 3 / 16 + 0.06, 0.4, 0.18])


def test_vas_reuse_draws_by_weight() -> None:
    arm = VasReuse(setting(prompts=4, batch_size=2))
    arm.scores_P = np.array([0.1, 0.4, 0.2, 0.3])
    rng = np.random.default_rng(1)
    first = np.bincount([int(arm.choose(rng)[0]) for _ in range(5000)], minlength=4)
    assert stats.chisquare(first, 5000 * arm.scores_P).pvalue > USUAL


def test_vas_reuse_costs_no_scoring() -> None:
    arm = VasReuse(setting(prompts=10, batch_size=4))
    for seed in range(5):
        proposal = arm.propose(np.random.default_rng(seed))
        assert proposal is not None
        prompts, counts = proposal
        assert len(set(prompts.tolist())) == len(prompts) <= 4
        assert counts.tolist() == [4] * len(prompts)
        arm.receive(received(prompts.tolist(), [[1.0, 0, 0, 0]] * len(prompts)))
        assert len(arm.training_groups().prompts_P) == len(prompts)


def test_vas_learns_as_its_sampler_does() -> None:
    from vas_theory.selection.sampler.variance_aware import VarianceAwareSampler

    arm = Vas(setting(prompts=20, batch_size=4))
    sampler = VarianceAwareSampler(20, batch_size=4, mixture_ratio=0.5, seed=0, group_size=4)
    rng = np.random.default_rng(5)
    for _ in range(6):
        chosen, drawn = arm.choose(rng), sampler.draw()
        assert chosen.tolist() == drawn.tolist()
        rewards = (rng.random((4, 4)) < 0.4).astype(float)
        arm.observe(received(chosen.tolist(), rewards.tolist()))
        sampler.observe(drawn, rewards, successes=rewards > 0.5)


def test_vas_comes_back_to_prompts_that_give_signal() -> None:
    arm = Vas(setting(prompts=30, batch_size=6))
    rng = np.random.default_rng(2)
    visits = np.zeros(30, dtype=int)
    for _ in range(150):
        chosen = arm.choose(rng)
        visits[chosen] += 1
        arm.observe(received(chosen.tolist(), [[1.0, 0, 1, 0] if prompt < 10 else [0.0] * 4 for prompt in chosen]))
    assert visits[:10].mean() > 1.2 * visits[10:].mean()


@pytest.mark.parametrize("kind", [Uniform, Props])
def test_uniform_batches_are_a_permutation_cut_in_pieces(kind: type[Uniform]) -> None:
    arm = kind(setting(prompts=10, batch_size=4))
    rng = np.random.default_rng(0)
    drawn = np.concatenate([arm.choose(rng) for _ in range(5)])
    assert sorted(drawn[:10].tolist()) == sorted(drawn[10:].tolist()) == list(range(10))


def test_uniform_orders_are_uniform() -> None:
    """The first prompt of an epoch by chi-square; false alarms 1e-4."""
    first = [
        int(Uniform(setting(prompts=5, batch_size=1)).choose(np.random.default_rng(seed))[0]) for seed in range(2500)
    ]
    assert stats.chisquare(np.bincount(first, minlength=5)).pvalue > USUAL


def test_props_asks_for_stratified_rollouts() -> None:
    assert Props.sampling == "stratified"
    assert Uniform.sampling == "independent"


def test_vas_predicts_from_the_features_of_the_setting() -> None:
    rng = np.random.default_rng(0)
    features = rng.standard_normal((300, 3))
    rates = 1 / (1 + np.exp(3.0 - 4.0 * features[:, 0]))
    about = replace(setting(prompts=300, batch_size=8), features_P=features)
    found = {}
    for name, arm in {"plain": Vas(about, mixture_ratio=0.0), "informed": Vas(about, features=True)}.items():
        mixed = []
        for _ in range(60):
            proposal = arm.propose(rng)
            assert proposal is not None
            rewards = (rng.random((8, proposal[1][0])) < rates[proposal[0], None]).astype(float)
            mixed.append(((rewards.mean(1) > 0) & (rewards.mean(1) < 1)).sum())
            arm.receive(received(proposal[0].tolist(), rewards.tolist()))
            arm.training_groups()
        found[name] = np.mean(mixed[15:])
    assert found["informed"] > 1.3 * found["plain"]
    with pytest.raises(ArgumentError, match="features_P"):
        Vas(setting(prompts=300, batch_size=8), features=True)
