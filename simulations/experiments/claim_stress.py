"""Every claim of the ledger against many more instances than its verification needs, one row a claim and family.

A row says how far the claim's two sides stay apart on one family of instances (random policies, near-vertex
ones, ties, extreme rewards, ...) after an adversarial search. For a proved claim the smallest relative slack must
not be negative; a refuted one shows on what share of instances it fails.
"""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
import pandas as pd
from pydantic import Field

from simulations.running.experiment import Experiment, ExperimentConfig
from simulations.running.sweep import Cell
from vas_theory.claims import claim_modules, get_claims
from vas_theory.claims.lib.checks import Effort, stress

__all__ = ["EXPERIMENT", "ClaimStressConfig"]


class ClaimStressConfig(ExperimentConfig):
    """How hard every claim is pressed; the fields are those of :class:`vas_theory.claims.lib.checks.Effort`."""

    claims: tuple[str, ...] = Field(default=(), description="ids; empty for the whole ledger")
    instances: int = Field(default=1200, ge=1, description="instances a family")
    search_width: int = Field(default=16, ge=1, description="instances that the adversarial search moves")
    search_steps: int = Field(default=40, ge=0, description="steps of that search")
    rechecks: int = Field(default=600, ge=1, description="most array entries a batch evaluated at 50 digits")


def _cells(config: ClaimStressConfig) -> list[Cell]:
    effort = config.model_dump(exclude={"claims", "seed"})
    return [
        Cell(claim.id, {"claim": claim.id, "effort": effort}, config.seed, (f"{claim_modules()[claim.id]}:CLAIMS",))
        for claim in get_claims(config.claims)
    ]


def _run_cell(cell: Cell) -> pd.DataFrame:
    (claim,) = get_claims([cell.config["claim"]])
    effort = Effort(**cell.config["effort"])
    rows = []
    for name, family in claim.domain.families.items():
        alone = replace(claim, domain=replace(claim.domain, families={name: family}))
        # seeds by name, so that adding a family leaves the rows of the others as they are
        rng = np.random.default_rng([cell.seed, zlib.crc32(f"{claim.id}/{name}".encode())])
        found = stress(alone, rng, effort)
        rows.append(
            {
                "claim": claim.id,
                "title": claim.title,
                "verdict": claim.verdict.value,
                "certificate": claim.certificate.kind.value,
                "complete": claim.complete.value,
                "corrected_by": " ".join(claim.corrected_by),
                "relation": claim.relation.value,
                "sharp": claim.sharp,
                "family": name,
                "instances": found.instances,
                "rechecked": found.rechecked,
                "worst_slack": found.worst_slack,
                "tightness": np.nan if found.tightness is None else found.tightness,
                "violated_share": found.violated_share,
                "holds": found.passed,
            }
        )
    return pd.DataFrame(rows)


EXPERIMENT = Experiment(
    name="claim_stress",
    summary="every claim of the ledger against random, near-vertex, tied and extreme instances",
    presets={
        "smoke": ClaimStressConfig(instances=24, search_width=2, search_steps=4, rechecks=40),
        "quick": ClaimStressConfig(instances=300, search_width=8, search_steps=20, rechecks=200),
        "paper": ClaimStressConfig(instances=3_000, search_width=24, search_steps=80, rechecks=800),
    },
    cells=_cells,
    run_cell=_run_cell,
)
