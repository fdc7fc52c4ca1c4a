"""A sampler and a claim show themselves in a notebook, in ways that are no part of what names results."""

from __future__ import annotations

import numpy as np
import pytest

from vas_theory import claims
from vas_theory.claims.lib.base import Claim
from vas_theory.provenance.fingerprint import key_of
from vas_theory.selection import VarianceAwareSampler


def a_sampler() -> VarianceAwareSampler:
    sampler = VarianceAwareSampler(50, batch_size=8, mixture_ratio=0.5, seed=1)
    rng = np.random.default_rng(2)
    for _ in range(5):
        drawn = sampler.draw()
        sampler.observe(drawn, (rng.random((8, 4)) < 0.5).astype(float))
    return sampler


def test_the_summary_is_the_samplers_own_metrics() -> None:
    sampler = a_sampler()
    found, metrics = sampler.summary(), sampler.metrics()  # type: ignore[attr-defined]
    for name in ("step", "coverage", "effective_sample_size", "varying_share", "realised_mixed_share"):
        assert found[name] == pytest.approx(metrics[name], nan_ok=True)
    assert found[["weighted", "probe", "uniform"]].sum() == 40


def test_the_html_holds_the_summary_and_escapes_names() -> None:
    sampler = a_sampler()
    shown = sampler._repr_html_()  # type: ignore[attr-defined]
    assert "<th style='text-align:left'>training rollouts</th><td>160</td>" in shown
    assert "&lt;VarianceAwareSampler: 50 prompts" in shown
    fresh = VarianceAwareSampler(5, batch_size=2)._repr_html_()  # type: ignore[attr-defined]
    assert "<th style='text-align:left'>realised mixed share</th><td>–</td>" in fresh


def test_how_things_are_shown_names_no_result() -> None:
    for entry in ("vas_theory.selection.sampler.variance_aware:VarianceAwareSampler", "vas_theory.claims:all_claims"):
        modules = key_of(entry).modules
        assert not {"vas_theory.selection.describing", "vas_theory.claims.lib.drawing"} & set(modules)


def test_the_table_of_claims_is_the_ledger() -> None:
    table = claims.table()
    assert list(table.index) == list(claims.all_claims())
    for name, claim in claims.all_claims().items():
        assert table.loc[name, "verdict"] == claim.verdict
    assert table["tightness"].dropna().between(0, 1 + 1e-9).all()


def test_a_claim_plots_itself() -> None:
    pytest.importorskip("matplotlib")
    (claim,) = claims.get_claims(["B02"])
    assert isinstance(claim, Claim)
    figure = claim.plot(instances=10)  # type: ignore[attr-defined]
    assert figure.axes[0].get_title(loc="left").startswith("B02 (proved)")
