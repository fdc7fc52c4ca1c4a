"""What the documentation says of the shrunk model is what its run measured."""

from __future__ import annotations

from pathlib import Path

from vas_theory.provenance.tables import read_table

ROOT = Path(__file__).parents[3]


def test_the_documentation_repeats_the_recorded_run() -> None:
    frame = read_table(ROOT / "full_scale" / "results" / "vlm-tiny" / "accuracies.parquet")
    page = (ROOT / "paper_figures" / "docs" / "pipeline.md").read_text(encoding="utf-8")
    rows = frame[frame["set"].eq("mathvista") & ~frame["subset"].str.contains(":")]
    assert len(rows) == 3
    for row in rows.to_dict("records"):
        value, low, high = (f"{100 * row[name]:.1f}" for name in ("value", "low", "high"))
        name = "gain of reinforcement learning" if row["subset"] else row["model"]
        assert f"| {name} | {value} | {low} to {high} |" in page, name
