"""The directive ``laboratory``: tables of the settings guide, from stored tables and formulas, at build time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sphinx.util.docutils import SphinxDirective

from paper_figures.docs.generated.claim_predictions import claim_predictions
from paper_figures.docs.generated.listings import arms, figures, gallery, knowledge, ledger, networks
from paper_figures.docs.generated.strategies import strategies
from paper_figures.docs.generated.tables import find_table, markdown, missing, origin, points, with_interval
from paper_figures.docs.generated.tournament import losses, ranking, verdict
from paper_figures.drawing.declaration import ROOT
from vas_theory.provenance.tables import read_table, table_files

if TYPE_CHECKING:
    from simulations.analysis.statistics import Interval

__all__ = ["SECTIONS", "setup"]

_SHAPES = {"uniform": (1.0, 1.0), "mostly hard": (0.3, 1.2), "hopeless or solved": (0.2, 0.2), "alike": (20.0, 20.0)}


def pools(_root: Path) -> str:
    """Return what the spread of pass rates decides: gain in variance and silent groups, from formulas."""
    from scipy.stats import beta

    from vas_theory.groups import silent_group_probability
    from vas_theory.potentials import beta_pool_gain

    quantiles = (np.arange(4000) + 0.5) / 4000
    rows = []
    for name, (a, b) in _SHAPES.items():
        gain = float(beta_pool_gain(a, b)) - 1
        cells = [f"{name}, Beta({a:g}, {b:g})", f"+{gain / 2:.0%}", f"+{gain:.0%}"]
        for size in (8, 16):
            # drawing in proportion to p (1 - p) turns Beta(a, b) into Beta(a + 1, b + 1)
            uniform, weighted = (
                float(silent_group_probability(beta.ppf(quantiles, a + shift, b + shift), size).mean())
                for shift in (0, 1)
            )
            cells.append(f"{uniform:.0%} → {(uniform + weighted) / 2:.0%}")
        rows.append(cells)
    header = ["pass rates of the pool", "variance, λ = 0.5", "λ = 1", "silent, G = 8, λ = 0.5", "G = 16"]
    return f"{markdown(header, rows)}\n\n*Exact for large pools, exact scores and drawing with replacement (B50).*"


def scoring(_root: Path) -> str:
    """Return what periodic scoring costs beside training, in rollouts."""
    settings = [
        ("the paper, main experiments", 15_000, 32, 35, 512, 8),
        ("the paper, table 6", 15_000, 16, 56, 512, 8),
        ("the paper's ablations", 15_000, 8, 28, 512, 8),
        ("the same, scored once in 300 steps", 15_000, 8, 300, 512, 8),
        ("this sampler's default, scores from training rollouts", 15_000, 0, 1, 512, 8),
    ]
    rows = []
    for name, prompts, count, interval, batch, group in settings:
        scored, trained = prompts * count, interval * batch * group
        share = scored / (scored + trained)
        needed = "–" if not scored else f"+{scored / trained:.0%}"
        rows.append([name, f"{scored:,}", f"{trained:,}", f"{share:.0%}", needed])
    header = ["setting", "scoring rollouts a refresh", "training rollouts between", "share for scores", "must gain"]
    return markdown(header, rows)


def _mean(gains: Any) -> Interval:
    from simulations.analysis.statistics import bootstrap_interval

    return bootstrap_interval(lambda values: float(values.mean()), gains, seed=0, resamples=1000)


def settings(root: Path) -> str:
    """Return the gain of the published method by setting, scoring free and charged."""
    path = find_table("settings_sweep", root)
    if path is None:
        return missing("settings_sweep")
    frame = read_table(path)
    keys = ["mixture_ratio", "update_interval", "scoring_rollouts", "alpha", "beta"]
    place = ["world", "scoring", "seed"]
    uniform = frame[frame["strategy"] == "uniform"].set_index(place)["pass_rate"].rename("uniform_rate")
    runs = frame[frame["strategy"] == "vas-paper"].join(uniform, on=place)
    runs["gain"] = runs["pass_rate"] - runs["uniform_rate"]
    rows = []
    for setting, part in runs.groupby(keys):
        cells = [f"{value:g}" for value in setting]
        for account in ("free", "charged"):
            gains = part[part["scoring"] == account].pivot(index="world", columns="seed", values="gain")
            found = _mean(gains.to_numpy())
            cells.append(f"{points(found.estimate)} [{points(found.low)}, {points(found.high)}]")
        share = part.loc[part["scoring"] == "charged", ["spent_scoring", "spent"]].sum()
        rows.append([*cells, f"{share['spent_scoring'] / share['spent']:.0%}"])
    header = ["λ", "T_update", "N", "α", "β", "gain, scoring free", "gain, scoring charged", "share for scores"]
    note = (
        "Gain over uniform in points of the final pass rate, mean over "
        f"{runs['world'].nunique()} worlds and {runs['seed'].nunique()} paired seeds with 95% bootstrap interval."
    )
    return f"{markdown(header, rows)}\n\n{note} {origin(path, 'settings_sweep')}"


def posteriors(root: Path) -> str:
    """Return how well posteriors foresee mixed groups of real VAS runs, the fit made on uniform runs of other seeds."""
    from vas_theory.selection.posteriors.discounted_beta import DEFAULT_DRIFT, DiscountedBeta
    from vas_theory.selection.posteriors.fit import fit_discounted_beta, replay, score_forecasts

    path = find_table("training_prompts", root, "full_scale")
    if path is None:
        return "*Not computed in this copy; run `python -m full_scale study --preset quick` and build again.*"
    frame = read_table(path)
    groups = frame.assign(
        run=frame["arm"] + frame["seed"].astype(str), prompt=frame["prompt_key"],
        rollouts=frame["group_size"], reward=frame["successes"] / frame["group_size"],
    ).query("rollouts > 1")  # fmt: skip
    seeds = sorted(groups["seed"].unique())
    half = (len(seeds) + 1) // 2
    earlier, later = seeds[:half], seeds[half:] or seeds  # a quick study has one seed
    best = fit_discounted_beta(groups[(groups["arm"] == "uniform") & groups["seed"].isin(earlier)]).iloc[0]
    judged = groups[(groups["arm"] == "vas") & groups["seed"].isin(later)]
    rows = []
    for name, prior, drift in (("default", 0.5, DEFAULT_DRIFT), ("fitted", best["prior"], best["drift"])):
        forecasts = replay(judged, partial(DiscountedBeta, prior=(prior, prior), drift=drift))
        found = score_forecasts(forecasts)
        cells = [f"{found[value]:.0%}" for value in ("expected", "mixed")]
        rows.append([name, f"{prior:g}", f"{drift:g}", *cells, f"{found['log_loss']:.2f}"])
    constant = score_forecasts(forecasts.assign(expected=forecasts["mixed"].mean()))
    rows.append(
        ["the share that came, for all", "–", "–", *[f"{constant['mixed']:.0%}"] * 2, f"{constant['log_loss']:.2f}"]
    )
    header = ["posterior", "prior a = b", "drift", "mixed groups expected", "came", "log loss, nats"]
    size = f"{len(forecasts):,} revisits in {judged['run'].nunique()} runs of arm `vas`"
    note = f"Forecasts of {size}; fitted to the uniform runs of seeds {', '.join(map(str, earlier))}, judged on seeds "
    preset = path.parent.name
    return (
        f"{markdown(header, rows)}\n\n{note}{', '.join(map(str, later))}. *Measured on a CPU; "
        f"`python -m full_scale study --preset {preset}`.*"
    )


def study(root: Path) -> str:
    """Return what real training gained in held-out accuracy over uniform sampling, beside what was predicted."""
    from paper_figures.study import accuracy_gains

    found = accuracy_gains(root)
    if found is None:
        return "*Not computed in this copy; run `python -m full_scale study --preset paper` and build again.*"
    rows = []
    for arm, row in found.rows.items():
        cells = [with_interval(row, name) for name in ("predicted", "measured")]
        rows.append([f"`{arm}`", *cells, row["verdict"]])
    note = (
        f"Gain in held-out accuracy over uniform sampling at equal rollouts, in points with {found.coverage:.0%} "
        f"intervals; {found.setting}. *Uninformative*: an interval holds 0, or the measurement is too coarse. "
        "*Measured on a CPU; `python -m full_scale study --preset paper`.*"
    )
    return f"{markdown(['arm', 'predicted', 'measured', 'the prediction'], rows)}\n\n{note}"


SECTIONS: dict[str, Callable[[Path], str]] = {
    "pools": pools,
    "scoring": scoring,
    "ranking": ranking,
    "losses": losses,
    "verdict": verdict,
    "settings": settings,
    "posteriors": posteriors,
    "study": study,
    "strategies": strategies,
    "claim-predictions": claim_predictions,
    "arms": arms,
    "networks": networks,
    "knowledge": knowledge,
    "ledger": ledger,
    "figures": figures,
    "gallery": gallery,
}
"""What ``{laboratory} NAME`` shows, by name."""


class LaboratoryDirective(SphinxDirective):
    """``{laboratory} NAME`` shows one of :data:`SECTIONS`."""

    required_arguments = 1

    def run(self) -> list[Any]:
        name = self.arguments[0]
        if name not in SECTIONS:
            raise self.error(f"there is no table {name}; known: {', '.join(SECTIONS)}")
        inputs = [
            ("simulations", "tournament_ranking"),
            ("simulations", "settings_sweep"),
            ("simulations", "network_tournament"),
            ("simulations", "network_ranking"),
            ("full_scale", "training_prompts"),
        ]
        inputs += [("full_scale", name) for name in ("validation", "training_steps", "probe")]
        inputs += [("full_scale", f"knowledge/{name}") for name in ("evaluation", "training_steps")]
        for room, table in inputs:
            if path := find_table(table, room=room):
                for file in table_files(path):
                    self.env.note_dependency(str(file))
        return self.parse_text_to_nodes(SECTIONS[name](ROOT))


def setup(app: Any) -> dict[str, bool]:
    """Register the directive with Sphinx."""
    app.add_directive("laboratory", LaboratoryDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
