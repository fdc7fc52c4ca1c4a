"""The bound gallery against independent formulas, and its families against what they are for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.special import log_softmax, softmax

from simulations.experiments import bound_gallery
from simulations.experiments._gradient_bounds import BOUNDS, largest_eigenvalue
from simulations.experiments.bound_gallery import EXPERIMENT, BoundGalleryConfig, run
from vas_theory.claims import get_claims
from vas_theory.claims.b20_fisher_spectrum import second_eigenvalue

COLUMNS = {bound.claim: bound.column for bound in BOUNDS}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return run(BoundGalleryConfig(bandits=3600, seed=5))


def test_counts_and_columns(table: pd.DataFrame) -> None:
    assert len(table) == 3600
    per_cell = table.groupby(["family", "arms", "reward_kind"]).size()
    assert len(per_cell) == 6 * 6 * 2
    assert per_cell.max() - per_cell.min() <= 1
    for bound in BOUNDS:
        spoken = table["reward_kind"].isin(bound.reward_kinds) & (table["arms"] >= bound.fewest_arms)
        assert (table[bound.column].notna() == spoken).all(), bound
    assert not table.drop(columns=COLUMNS.values()).isna().any().any()
    assert EXPERIMENT.presets["paper"].model_dump()["bandits"] == 36_000


def test_every_claim_is_read_as_the_ledger_has_it() -> None:
    relations = {"lower": ">=", "lower_l1": ">=", "equal": "=", "upper": "<=", "refuted": ">="}
    for bound in BOUNDS:
        (claim,) = get_claims([bound.claim])
        # B15 is an equality on binary rewards, where it is B01
        assert claim.relation.value == relations[bound.kind]
        assert claim.verdict.value == ("refuted" if bound.kind == "refuted" else "proved")


def test_no_bandit_leaves_the_bounds(table: pd.DataFrame) -> None:
    for bound in BOUNDS:
        values = table[bound.column].dropna()
        if bound.kind in ("lower", "lower_l1", "equal"):
            assert values.max() <= 1 + 1e-12, bound
        if bound.kind in ("upper", "equal"):
            assert values.min() >= 1 - 1e-12, bound


def test_the_refuted_claim_fails_nearly_everywhere(table: pd.DataFrame) -> None:
    """One parameter explains less than all of the reward's variance, by Cauchy and Schwarz."""
    values = table["refuted_A06"].dropna()
    assert values.min() > 1 - 1e-12
    assert (values > 1 + 1e-9).mean() > 0.99


@pytest.mark.parametrize("bound", [bound for bound in BOUNDS if bound.kind not in ("equal", "refuted")])
def test_the_gallery_would_notice_a_bound_that_is_wrong_by_two_per_cent(table: pd.DataFrame, bound: object) -> None:
    """Razin's bound (L01) cannot be reached: 1/(6 sqrt 2) of it is the most."""
    column, kind, claim = bound.column, bound.kind, bound.claim  # type: ignore[attr-defined]
    values = table[column].dropna()
    if claim == "L01":
        assert 6 * 2**0.5 < values.min() < 14
    else:
        assert values.max() > 1 / 1.02 if kind != "upper" else values.min() < 1.02


def test_families_press_on_both_ends(table: pd.DataFrame) -> None:
    graded = table[(table["reward_kind"] == "graded") & (table["arms"] > 2)].groupby("family")
    assert graded["lower_B02"].median()["near_tight"] > 0.999
    assert table["upper_B17"].groupby(table["family"]).quantile(0.1)["two_arm"] < 1.1
    assert graded["lower_B02"].min()["two_arm"] < 1 / 3


def _by_matrices(probs: np.ndarray, rewards: np.ndarray) -> dict[str, float]:
    """Return every bound on one bandit's gradient, with eigenvalues and conditional means of e_i - pi spelt out."""
    fisher = np.diag(probs) - np.outer(probs, probs)
    values = np.linalg.eigvalsh(fisher)
    advantage = rewards - probs @ rewards
    variance, scores, arms = probs @ advantage**2, np.eye(len(probs)) - probs, len(probs)
    levels = np.unique(rewards)
    means = [np.average(scores[rewards == level], axis=0, weights=probs[rewards == level]) for level in levels]
    masses = [probs[rewards == level].sum() for level in levels]
    between = sum(mass * mean @ mean for mass, mean in zip(masses, means, strict=True))
    half = arms // 2
    bounds = {
        "B02": variance / np.sqrt(arms * np.var(rewards)),
        "B16": variance / np.sqrt(half * (arms - half) / arms),
        "B20": np.sqrt(values[1] * variance),
        "B21": np.sqrt(probs.min() * variance),
        "L04": max((probs * advantage)[rewards == rewards.max()]),
        "B19": 2 * variance / np.ptp(rewards),
        "B15": np.sqrt(variance * between),
        "B17": np.sqrt(variance / 2),
        "B23": np.sqrt(values[-1] * variance),
        "L01": 6 * variance ** (1 / 3),
        "A06": np.sqrt(np.array([1, -1] + [0] * (arms - 2)) @ fisher[:, :2] @ [1, -1] * variance),
    }
    if len(levels) == 2:
        p, correct = probs @ rewards, rewards == 1
        inside = [probs[correct] / p, probs[~correct] / (1 - p)]
        bounds |= {
            "B01": variance * np.linalg.norm(means[1] - means[0]),
            "B03": p * (1 - p) * np.sqrt(sum((share**2).sum() for share in inside)),
            "B18": np.sqrt(2) * p * (1 - p),
            "B22": p * (1 - p) * np.sqrt(1 / correct.sum() + 1 / (~correct).sum()),
            "A27": min(p, 1 - p) * max(np.linalg.norm(scores, axis=1)),
        }
    return bounds


@pytest.mark.parametrize("kind", ["binary", "graded"])
def test_every_bound_matches_its_formula_in_matrices(kind: str) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20, 7))
    rewards = bound_gallery._rewards(rng, kind, 20, 7)  # type: ignore[arg-type]
    measured = bound_gallery._measure(logits, rewards, kind)  # type: ignore[arg-type]
    for row, (logit, reward) in enumerate(zip(logits, rewards, strict=True)):
        probs = softmax(logit)
        gradient = probs * (reward - probs @ reward)
        norms = {"B19": np.abs(gradient).sum(), "A06": abs(gradient[0] - gradient[1])}
        wanted = _by_matrices(probs, reward)
        spoken = {bound.claim for bound in BOUNDS if kind in bound.reward_kinds}
        for claim in spoken:
            bound = wanted[claim] / norms.get(claim, np.linalg.norm(gradient))
            assert measured.loc[row, COLUMNS[claim]] == pytest.approx(bound, rel=1e-9), claim


def test_the_norm_matches_a_gradient_by_differences() -> None:
    """Central differences of log-space mean rewards know nothing of pi_i (r_i - V)."""
    rng = np.random.default_rng(0)
    logits, rewards = rng.normal(size=(20, 7)), rng.random((20, 7))
    measured = bound_gallery._measure(logits, rewards, "graded")
    step = 1e-5

    def value(z: np.ndarray) -> np.ndarray:
        return (np.exp(log_softmax(z, axis=-1)) * rewards).sum(-1)

    shifts = step * np.eye(7)
    gradient = np.stack([(value(logits + e) - value(logits - e)) / (2 * step) for e in shifts], axis=-1)
    np.testing.assert_allclose(measured["gradient_norm"], np.linalg.norm(gradient, axis=-1), rtol=1e-8)
    weights = np.exp(log_softmax(logits, axis=-1))
    variance = [np.cov(r, aweights=w, ddof=0) for r, w in zip(rewards, weights, strict=True)]
    np.testing.assert_allclose(measured["reward_variance"], variance, rtol=1e-12)


@pytest.mark.parametrize("arms", [2, 3, 6])
def test_eigenvalues_match_a_solver_also_where_probabilities_tie(arms: int) -> None:
    rng = np.random.default_rng(3)
    probs = np.concatenate([rng.dirichlet(np.ones(arms), 50), rng.integers(1, 3, (50, arms)).astype(float)])
    probs /= probs.sum(-1, keepdims=True)
    matrices = probs[:, :, None] * np.eye(arms) - probs[:, :, None] * probs[:, None, :]
    values = np.linalg.eigvalsh(matrices)
    np.testing.assert_allclose(largest_eigenvalue(probs), values[:, -1], rtol=1e-12)
    np.testing.assert_allclose(second_eigenvalue(probs), values[:, 1], rtol=1e-9)


def test_what_float64_cannot_decide_is_computed_with_50_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    logits, rewards = rng.normal(size=(4, 3)), rng.random((4, 3))
    right = bound_gallery._measure(logits, rewards, "graded")
    assert not right["rechecked"].any()

    def wrong_in_float64(tightness: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
        def changed(probs: np.ndarray, rewards: np.ndarray) -> np.ndarray:
            values = tightness(probs, rewards)
            if values.dtype != object:
                values[2] = 1.5
            return values

        return changed

    bounds = [type(bound)(**{**vars(bound), "tightness": wrong_in_float64(bound.tightness)}) for bound in BOUNDS]
    monkeypatch.setattr(bound_gallery, "BOUNDS", [bound for bound in bounds if bound.kind.startswith("lower")])
    measured = bound_gallery._measure(logits, rewards, "graded")
    assert measured.pop("rechecked").tolist() == [False, False, True, False]
    pd.testing.assert_frame_equal(measured, right[measured.columns], rtol=1e-14)


def test_a_claim_that_saturation_breaks_in_float64_holds_with_50_digits() -> None:
    """At p = 1 - 1e-13, where two arms attain the bound, the float64 value of 1 - p is off by a thousandth."""
    logits, rewards = np.array([[30.0, 0.0]]), np.array([[0.0, 1.0]])
    (bound,) = [bound for bound in BOUNDS if bound.claim == "A27"]
    wrong = bound.tightness(softmax(logits), 1 - rewards)
    assert wrong[0] < 1 - 1e-6
    measured = bound_gallery._measure(logits, 1 - rewards, "binary")
    assert measured["upper_A27"].iloc[0] == pytest.approx(1, abs=1e-15)
    assert measured["rechecked"].all()


def test_the_seed_decides_every_row() -> None:
    config = BoundGalleryConfig(bandits=200, seed=9)
    pd.testing.assert_frame_equal(run(config), run(config), check_exact=True)
    other = run(config.model_copy(update={"seed": 10}))
    assert (run(config)["gradient_norm"] != other["gradient_norm"]).all()
