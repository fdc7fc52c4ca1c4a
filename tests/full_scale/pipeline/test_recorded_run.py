"""What the documentation says of the shrunk model is what its run measured."""

from __future__ import annotations

from pathlib import Path

from vas_theory.provenance.tables import read_table

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "paper_figures" / "docs" / "pipeline.md").read_text(encoding="utf-8")


def test_the_documentation_repeats_the_recorded_run() -> None:
    frame = read_table(ROOT / "full_scale" / "results" / "vlm-tiny" / "accuracies.parquet")
    rows = frame[frame["set"].eq("mathvista") & ~frame["subset"].str.contains(":")]
    assert len(rows) == 3
    for row in rows.to_dict("records"):
        value, low, high = (f"{100 * row[name]:.1f}" for name in ("value", "low", "high"))
        name = "gain of reinforcement learning" if row["subset"] else row["model"]
        assert f"| {name} | {value} | {low} to {high} |" in PAGE, name


def test_the_documentation_repeats_the_paired_runs() -> None:
    frame = read_table(ROOT / "full_scale" / "results" / "vlm-arms" / "accuracies.parquet")
    runs = frame[frame["model"].str.contains("-seed")]
    ends, page = runs[runs["subset"] == ""].set_index("model")["value"], " ".join(PAGE.split())
    gains = runs.loc[runs["subset"] == "gain over cold-start", "value"]
    assert len(gains) == 10
    assert f"by {100 * gains.min():.1f} to {100 * gains.max():.1f} points" in page
    means = [100 * ends[ends.index.str.startswith(arm)].mean() for arm in ("uniform-", "vas-")]
    assert f"ends at {means[0]:.1f} in the mean and VAS at {means[1]:.1f}" in page
    (mean,) = frame[frame["subset"].str.startswith("mean gain over uniform")].to_dict("records")
    value, low, high = (100 * mean[name] for name in ("value", "low", "high"))
    assert f"a difference of {value:+.1f} points, {low:.1f} to {high:.1f} (95%, paired by seed)" in page
    assert low < 0 < high, "the page says that it tells nothing"
