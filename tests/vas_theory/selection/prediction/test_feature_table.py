"""Features of any scale and width become few comparable numbers."""

from __future__ import annotations

import numpy as np
import pytest

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.prediction.feature_table import COMPONENTS, FeatureTable

ALL = np.arange(300)


def _features(width: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((300, 5)) @ rng.standard_normal((5, width)) + 0.3 * rng.standard_normal((300, width))


@pytest.mark.parametrize("width", [1, 7, 64, 200, 2000])
def test_rows_depend_on_no_scale_or_offset_and_are_few(width: int) -> None:
    features = _features(width)
    table, other = FeatureTable(300), FeatureTable(300)
    table.renew(features)
    other.renew(features * np.logspace(-6, 6, width) + 1e-3)
    assert table.width == min(width, COMPONENTS)
    assert table.rows.nbytes <= 300 * 128
    rows = table.at(ALL)
    assert np.square(rows).mean() == pytest.approx(1.0, rel=0.01)
    assert rows.mean(0) == pytest.approx(np.zeros(table.width), abs=0.01)
    # half precision; a component may come with the other sign
    assert np.abs(other.at(ALL)) == pytest.approx(np.abs(rows), abs=0.02)


def test_the_leading_components_keep_what_the_columns_share() -> None:
    features = _features(500)
    table = FeatureTable(300)
    table.renew(features)
    rows = np.column_stack([table.at(ALL)[:, :5], np.ones(300)])
    left = features - rows @ np.linalg.lstsq(rows, features, rcond=None)[0]
    assert left.var() < 0.05 * features.var()


def test_unknown_rows_are_zero_and_renewed_rows_share_the_frame() -> None:
    features = _features(20)
    features[::3, 4] = np.nan
    features[:, 9] = 5.0  # says nothing
    table = FeatureTable(300)
    table.renew(features)
    assert table.known.tolist() == [i % 3 > 0 for i in range(300)]
    assert (table.at(ALL[::3]) == 0).all()
    before = table.at(ALL)
    assert (before[:, 9] == 0).all()
    table.renew(2 * features[[1, 2]], np.array([4, 3]))
    assert table.known[3]
    useful = np.arange(20) != 9
    first = np.setdiff1d(ALL, ALL[::3])  # the rows that decided the frame
    centre, spread = features[first].mean(0), features[first].std(0)
    expected = (2 * features[1] - centre)[useful] / spread[useful]
    assert table.at(np.array([4]))[0][useful] / expected == pytest.approx(np.full(19, np.sqrt(20 / 19)), rel=0.01)
    unchanged = np.setdiff1d(ALL, [3, 4])
    assert np.array_equal(table.at(unchanged), before[unchanged])


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((299, 4)),
        np.zeros(300),
        np.full((300, 4), np.inf),
        np.full((300, 4), np.nan),
        np.zeros((300, 0)),
        [["a"] * 4] * 300,
        [[1, 2], [3]],
    ],
)
def test_features_of_another_shape_are_refused(wrong: object) -> None:
    table = FeatureTable(300)
    with pytest.raises(ArgumentError, match="features"):
        table.renew(wrong)  # type: ignore[arg-type]
    table.renew(_features(4))
    before = table.state_dict()
    if not (isinstance(wrong, np.ndarray) and np.isnan(wrong).all()):
        with pytest.raises(ArgumentError, match="features"):
            table.renew(wrong)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="4 columns as before"):
        table.renew(_features(5))
    for name, value in table.state_dict().items():
        assert np.array_equal(value, before[name])
