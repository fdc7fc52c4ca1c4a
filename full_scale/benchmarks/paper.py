"""What the paper reports, to stand beside what is measured here; percent.

Source:
    2509.21268, table 2 (five sets and their average) and table 3 (averages of the 3B model by stage).
"""

from __future__ import annotations

__all__ = ["QUESTIONS", "SETS", "TABLE_2", "TABLE_3"]

SETS = ("mathverse", "mathvista", "mathvision", "logicvista", "chartqa")
TABLE_2 = {
    "MMR1-3B": (47.9, 67.1, 25.4, 42.0, 81.2, 52.7),
    "MMR1-7B": (55.4, 72.0, 31.8, 48.9, 83.7, 58.4),
}
"""Model -> accuracies on :data:`SETS`, then their average."""
TABLE_3 = {"base": 48.7, "cold start": 48.7, "GRPO": 51.8, "GRPO + VAS": 52.9}
"""Stage of the 3B model -> average over :data:`SETS`."""

QUESTIONS = {"mathverse": 3940, "mathvista": 1000, "mathvision": 3040, "logicvista": 448, "chartqa": 2500}
"""Set -> questions of the part that is usually evaluated (testmini, testmini, test, all, test), for plans."""
