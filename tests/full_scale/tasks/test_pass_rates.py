"""Pass rates from a file reach the prompts that it names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from full_scale.tasks.pass_rates import read_pass_rates
from vas_theory.foundation.errors import VASError

KEYS = ["a", "b", "c"]


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_prompts_that_the_file_does_not_name_are_unknown(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"rates{ending}"
    frame = pd.DataFrame({"prompt_key": ["c", "x", "a"], "pass_rate": [0.25, 0.5, 1.0], "trials": [4, 8, 16]})
    if ending == ".csv":
        frame.to_csv(path, index=False)
    elif ending == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_json(path, orient="records", lines=True)
    rates, trials = read_pass_rates(path, KEYS, 8)
    np.testing.assert_array_equal(rates, [1.0, np.nan, 0.25])
    np.testing.assert_array_equal(trials, [16, np.nan, 4])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prompt_key,rate\na,1", "has no column pass_rate, only"),
        ("prompt_key,pass_rate\na,1\na,0", "names prompt a twice"),
        ("prompt_key,pass_rate\na,0.5\nb,50", "prompt b: a pass rate must lie in [0, 1], not 50"),
        ("prompt_key,pass_rate\nx,0.5", "knows the pass rate of none of the 3 training prompts"),
        ("prompt_key,pass_rate\na,often", "column pass_rate: Unable to parse"),
        ("prompt_key,pass_rate,trials\na,1,8\nb,0,0", "prompt b: trials must be > 0, not 0"),
        ("prompt_key,pass_rate\na,1\nNA,0", "row 1: no prompt_key; of a .csv file NA, null and the like"),
        ("", "cannot be read"),
    ],
)
def test_files_that_cannot_be_used_are_refused_in_one_line(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(VASError) as refused:
        read_pass_rates(path, KEYS, 8)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_kinds_of_files_and_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(VASError, match=r"knows.column must be 'start' or a file .parquet, .csv, .jsonl"):
        read_pass_rates(tmp_path / "rates.txt", KEYS, 8)
    with pytest.raises(VASError, match=r"cannot be read: .*No such file"):
        read_pass_rates(tmp_path / "rates.csv", KEYS, 8)
