"""Whatever an entry point refuses, it refuses with an error of this project and leaves the state bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vas_theory.foundation.errors import ArgumentError, VASError
from vas_theory.provenance.state import seal
from vas_theory.selection import PassRatePrior, VarianceAwareSampler
from vas_theory.selection.posteriors import build_posterior

GOOD = [[1, 0, 1, 0], [1, 1, 1, 1]]
SETTINGS: dict[str, dict[str, Any]] = {
    "default": {"max_policy_lag": 1},
    "vps": {"score": "vps", "strict": True},
    "graded": {"posterior": "normal_gamma"},
    "custom": {"score": "custom"},
    "periodic": {"refresh": "periodic", "update_interval": 2},
    "rested": {"rest_steps": 2, "exponent": 2.0},
    "candidates": {"candidates": 6},
    "features": {"features": np.linspace(0.0, 1.0, 20).reshape(10, 2)},
}


class _Tensor:
    """Converts to an array as a tensor that needs a gradient does."""

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


FEEDBACK: list[dict[str, Any]] = [
    {"policy_version": np.nan},
    {"policy_version": [0, np.nan]},
    {"policy_version": -1},
    {"policy_version": 1e9},
    {"policy_version": [0, 0, 0]},
    {"policy_version": "new"},
    {"policy_version": 0.5},
    {"rewards": [[1, 0, 1, 0], [1, 1]]},
    {"rewards": [1, 0]},
    {"rewards": [["a", "b"], ["c", "d"]]},
    {"rewards": [[1, 0, 1, -0.5], [0, 0, 0, 0]]},
    {"rewards": [[7, 0, 1, 0], [0, 0, 0, 0]]},
    {"rewards": None},
    {"rewards": _Tensor()},
    {"rewards": np.empty((2, 0))},
    {"rewards": np.zeros((2, 2, 2))},
    {"rewards": np.ma.array([[1.0, 0, 1, 0], [0, 0, 0, 1]], mask=[[0, 0, 0, 0], [0, 0, 0, 1]])},
    {"positions": [0]},
    {"positions": np.ma.array([0, 1], mask=[0, 1])},
    {"positions": [0, 99]},
    {"positions": [0, -1]},
    {"positions": [0.0, 1.0]},
    {"positions": [[0, 1], [2]]},
    {"positions": "ab"},
    {"positions": None},
    {"successes": [9, 0]},
    {"successes": [np.nan, 0]},
    {"successes": [[True], [False, True]]},
    {"successes": "ab"},
    {"diversity": [0.5]},
    {"diversity": [2.0, 0.5]},
    {"diversity": [np.nan, 0.5]},
    {"trained": [True]},
    {"trained": [True, np.nan]},
    {"trained": [None, True]},
    {"trained": [[True, False], [True]]},
]


def _sampler(name: str) -> VarianceAwareSampler:
    """A sampler that has done two steps and is about to draw (or to refresh)."""
    sampler = VarianceAwareSampler(list("abcdefghij"), batch_size=2, seed=1, **SETTINGS[name])
    for _ in range(2):
        while (due := sampler.refresh_due()).size:
            sampler.refresh(due, np.tile(GOOD, (due.size // 2, 1)), diversity=np.full(due.size, 0.5))
        places = sampler.draw(policy_version=sampler.step)
        sampler.observe(places, GOOD, diversity=[0.1, 0.2])
    return sampler


def _refused(sampler: VarianceAwareSampler, call: Callable[[], Any]) -> None:
    before, arms, metrics = sampler.state_dict(), sampler.last_arms.copy(), sampler.metrics()
    with pytest.raises(VASError) as refusal:
        call()
    assert len(str(refusal.value).splitlines()) == 1
    after = sampler.state_dict()
    assert after["checksum"] == before["checksum"], [k for k in before if not np.array_equal(before[k], after[k])]
    assert np.array_equal(sampler.last_arms, arms)
    assert sampler.metrics() == pytest.approx(metrics, rel=0, abs=0, nan_ok=True)


@pytest.mark.parametrize("name", SETTINGS)
def test_refused_feedback_changes_nothing(name: str) -> None:
    for wrong in FEEDBACK:
        sampler = _sampler(name)
        good = {"positions": [0, 1], "rewards": GOOD, "diversity": [0.5, 0.5]}
        arguments = {**good, **wrong}
        places, rewards = arguments.pop("positions"), arguments.pop("rewards")
        _refused(sampler, lambda: sampler.observe(places, rewards, **arguments))  # noqa: B023
        if "policy_version" not in wrong and "trained" not in wrong:
            _refused(sampler, lambda: sampler.refresh(places, rewards, **arguments))  # noqa: B023
    _refused(sampler, lambda: sampler.observe_by_key(["a", "z"], GOOD))


@pytest.mark.parametrize("name", SETTINGS)
def test_other_refused_calls_change_nothing(name: str) -> None:
    sampler = _sampler(name)
    for version in (np.nan, -1, 0, "new", [3, 4], None if name == "periodic" else np.inf):
        _refused(sampler, lambda: sampler.draw(policy_version=version))  # type: ignore[arg-type]  # noqa: B023
    for places, scores in (([0], [np.nan]), ([0], [-1.0]), ([99], [1.0]), ([0, 1], [1.0, 2.0, 3.0]), ("a", 1.0)):
        _refused(sampler, lambda: sampler.set_scores(places, scores))  # noqa: B023
    for features, places in (
        (np.zeros((10, 3)), None),
        (np.zeros((9, 2)), None),
        (np.full((10, 2), np.inf), None),
        (np.full((10, 2), 1e200), None),
        (np.ma.array(np.ones((10, 2)), mask=np.eye(10, 2)), None),
        ("ab", None),
        (None, None),
        (_Tensor(), None),
        ([[1.0, 2.0], [3.0]], [0, 1]),
        (np.zeros((1, 2)), [99]),
        (np.zeros((2, 2)), [0]),
    ):
        _refused(sampler, lambda: sampler.set_features(features, places))  # noqa: B023
    whole = sampler.state_dict()
    for missing in ("weights", "posterior.last_seen", "tally", "walk.passes", "drawn_by"):
        if missing in whole and missing != "posterior.last_seen":
            cut = seal({key: value for key, value in whole.items() if key not in (missing, "checksum")})
            _refused(sampler, lambda: sampler.load_state_dict(cut))  # noqa: B023
    short = seal({key: value for key, value in whole.items() if key != "checksum"} | {"draw_counts": np.zeros(3)})
    _refused(sampler, lambda: sampler.load_state_dict(short))
    for state in ({}, None, [], "state"):
        _refused(sampler, lambda: sampler.load_state_dict(state))  # type: ignore[arg-type]  # noqa: B023
    _refused(sampler, lambda: sampler.save("~/state.npz"))
    _refused(sampler, lambda: sampler.load("nowhere.npz"))


def test_a_state_from_before_is_read() -> None:
    sampler = _sampler("default")
    old = sampler.state_dict()
    old["settings"] = old["settings"].replace('"exponent": 1.0, ', "").replace('"strict": false, ', "")
    assert "exponent" not in old["settings"]
    del old["last_drawn"], old["checksum"]
    resumed = _sampler("default")
    resumed.load_state_dict(seal({**old, "version": 1}))
    assert resumed.state_dict()["checksum"] == sampler.state_dict()["checksum"]


def test_integers_are_whole_numbers_of_an_integer_type() -> None:
    for wrong in ({"batch_size": 4.0}, {"batch_size": True}, {"batch_size": 4, "probe_after": 3.0}):
        with pytest.raises(VASError, match="be an integer"):
            VarianceAwareSampler(10, **wrong)
    VarianceAwareSampler(10, batch_size=np.int32(4))


def test_tensors_are_taken_as_the_numbers_they_hold() -> None:
    torch = pytest.importorskip("torch")
    plain = VarianceAwareSampler(10, batch_size=2)
    plain.observe([0, 1], GOOD)
    for rewards in (
        torch.tensor(GOOD, dtype=torch.bfloat16),
        torch.tensor(GOOD, dtype=torch.float32, requires_grad=True),
        torch.tensor(GOOD, dtype=torch.bool),
    ):
        sampler = VarianceAwareSampler(10, batch_size=2)
        sampler.observe(torch.tensor([0, 1]), rewards)
        assert sampler.state_dict()["checksum"] == plain.state_dict()["checksum"]


@pytest.mark.parametrize(
    "options",
    [{"alpha": 0.3}, {"variance_of": "success"}, {"momentum": 0.5}, {"probe_after": 3}, {"late_discount": 0.1},
     {"score": "vps", "optimism": 0.1}, {"candidates": 5, "rescore_per_step": 2}],
    ids=lambda options: list(options)[-1],
)  # fmt: skip
def test_a_setting_that_nothing_reads_is_said_aloud(options, caplog: pytest.LogCaptureFixture) -> None:
    name = list(options)[-1]
    VarianceAwareSampler(10, batch_size=2, **options)
    assert [record.message for record in caplog.records if record.message.startswith(f"{name} has no effect without")]
    with pytest.raises(VASError, match=f"{name} has no effect"):
        VarianceAwareSampler(10, batch_size=2, strict=True, **options)


def test_settings_that_are_read_are_taken_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    for options in (
        {"score": "vps", "alpha": 0.3, "variance_of": "success"},
        {"mode": "paper", "momentum": 0.5, "update_interval": 5},
        {"max_probes": 1, "probe_after": 3},
        {"max_policy_lag": 1, "late_discount": 0.1, "optimism": 0.1, "rescore_per_step": 4},
        {"alpha": 0.8},  # the default
    ):
        VarianceAwareSampler(10, batch_size=2, strict=True, **options)
    assert not caplog.records


def test_groups_of_another_size_than_scores_are_for_are_said_once(caplog: pytest.LogCaptureFixture) -> None:
    sampler = VarianceAwareSampler(10, batch_size=2, group_size=4)
    sampler.observe([0, 1], [[1.0, 0.0, 0.0, 1.0]] * 2)
    assert not caplog.records
    for _ in range(2):
        sampler.observe([0, 1], [[1.0, 0.0]] * 2)
    assert [record.message for record in caplog.records] == [
        "groups of 2 rollouts are observed, and scores are computed for groups of 4: set group_size"
    ]


PAIRS: list[tuple[dict[str, Any], str]] = [
    ({"uniform_share": "independent"}, "uniform_share must be 'reshuffled' or 'fixed' unless replace is set"),
    ({"uniform_share": "independent", "mode": "paper", "replace": False}, "uniform_share"),
    ({"uniform_share": "independent", "rest_steps": 1}, "uniform_share"),
    ({"uniform_share": "fixed", "rest_steps": 1}, "rest_steps must be 0 where uniform_share is 'fixed'"),
    ({"uniform_share": "fixed", "replace": True, "batch_size": 16}, "batch_size must leave at most 4 places"),
    ({"mode": "mmr1-released", "batch_size": 9}, "batch_size must leave at most 4 places"),
    ({"reward_range": 1.0}, "reward_range must be two numbers"),
    ({"reward_range": (0, 1, 2)}, "reward_range must be two numbers"),
    ({"reward_range": ("a", "b")}, "reward_range must be two numbers"),
    ({"reward_range": (False, True)}, "reward_range must be two numbers"),
    ({"reward_range": (-1e161, 1e161), "posterior": "normal_gamma"}, r"reward_range must lie in \[-1e\+100"),
    ({"reward_range": (0.0, np.inf)}, "reward_range must be two finite numbers"),
    ({"posterior": 3}, "posterior must be the name of a posterior, or one that is built"),
    ({"posterior": None}, "posterior must be the name of a posterior, or one that is built"),
    ({"group_size": 1030}, "group_size must be at most 1029"),
    ({"group_size": None}, "group_size must be an integer of 2 or more"),
    ({"group_size": float("nan")}, "group_size must be an integer of 2 or more"),
]


@pytest.mark.parametrize(("options", "message"), PAIRS, ids=str)
def test_settings_that_cannot_be_kept_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        VarianceAwareSampler(4, **{"batch_size": 2, **options})


def test_the_largest_uniform_share_that_a_fixed_order_fills_is_filled() -> None:
    sampler = VarianceAwareSampler(4, batch_size=8, uniform_share="fixed", replace=True)
    for _ in range(5):
        assert sampler.draw().size == 8


@pytest.mark.parametrize(
    ("posterior", "options", "name"),
    [
        ("discounted_beta", {"drift": "x"}, "drift"),
        ("discounted_beta", {"prior": 1}, "prior"),
        ("discounted_beta", {"prior": (1, "a")}, "prior"),
        ("discounted_beta", {"retention": None}, "retention"),
        ("arcsine_kalman", {"drift": [1.0]}, "drift"),
    ],
)
def test_settings_of_posteriors_that_are_no_numbers_are_named(
    posterior: str, options: dict[str, Any], name: str
) -> None:
    with pytest.raises(ArgumentError, match=f"^{name} must be"):
        build_posterior(posterior, 3, None, options)


def test_numbers_of_numpy_are_settings_that_a_state_can_hold() -> None:
    plain = VarianceAwareSampler(40, batch_size=8, group_size=4, mixture_ratio=0.5, floor=0.125, reward_range=(0, 1))
    told = VarianceAwareSampler(
        40, batch_size=np.int64(8), group_size=np.int32(4), mixture_ratio=np.float32(0.5), floor=np.float64(0.125),
        reward_range=np.array([0, 1]),
    )  # fmt: skip
    assert told.config == plain.config
    assert told.state_dict()["settings"] == plain.state_dict()["settings"]
    prior = PassRatePrior.from_rates(np.linspace(0, 1, 40))
    known = [VarianceAwareSampler(40, batch_size=size, prior=prior) for size in (8, np.int64(8))]
    assert known[0].config == known[1].config


def test_tensors_that_cannot_be_read_are_refused_and_change_nothing() -> None:
    torch = pytest.importorskip("torch")
    sampler = VarianceAwareSampler(4, batch_size=2, refresh="periodic")
    before = sampler.state_dict()["checksum"]
    with pytest.raises(ArgumentError, match="rewards must be a NumPy array or lists"):
        sampler.refresh(sampler.refresh_due(), torch.eye(4, 8))
    assert sampler.state_dict()["checksum"] == before
    online = VarianceAwareSampler(4, batch_size=2)
    before = online.state_dict()["checksum"]
    for right in (torch.ones(1, 2, dtype=torch.bfloat16), torch.ones(1, 2, requires_grad=True)):
        with pytest.raises(ArgumentError, match="successes must be what numpy can read"):
            online.observe([0], [[1, 0]], successes=right)
    assert online.state_dict()["checksum"] == before
    online.observe([0], torch.tensor([[1.0, 0.0]]), successes=torch.tensor([[True, False]]))
