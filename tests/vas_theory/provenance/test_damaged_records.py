"""Manifests and sidecars that are damaged in any way are named, and never a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from vas_theory.foundation.errors import DataError
from vas_theory.provenance import tables
from vas_theory.provenance.fingerprint import key_of
from vas_theory.provenance.folders import MANIFEST, new_folder, read_manifest, verify_folder

FRAME = pd.DataFrame({"step": [0, 1, 2]})
DAMAGES: dict[str, bytes] = {
    "empty": b"",
    "a list": b"[]",
    "a number": b"3",
    "nothing": b"null",
    "no keys": b"{}",
    "cut": b'{"config": {"a": 1}, "sha',
    "not UTF-8": b"\xff\xfe{}",
    "too deep": b"[" * 200_000,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_sidecar_is_named_and_its_table_is_not_current(damage: str, tmp_path: Path) -> None:
    about: dict[str, Any] = {"config": {"a": 1}, "seed": 3, "key": key_of("vas_theory.foundation.streams:check_seed")}
    path = tables.write_table(FRAME, tmp_path / "a.parquet", **about)
    assert tables.table_is_current(path, **about)
    (tmp_path / "a.parquet.meta.json").write_bytes(DAMAGES[damage])
    for read in (tables.read_table, tables.read_metadata):
        with pytest.raises(DataError, match=r"a\.parquet\.meta\.json"):
            read(path)
    assert not tables.table_is_current(path, **about)


@pytest.mark.parametrize("missing", ["config", "sha256", "rows", "written"])
def test_a_sidecar_without_a_key_is_named(missing: str, tmp_path: Path) -> None:
    about: dict[str, Any] = {"config": {"a": 1}, "seed": 3, "key": key_of("vas_theory.foundation.streams:check_seed")}
    path = tables.write_table(FRAME, tmp_path / "a.parquet", **about)
    sidecar = tmp_path / "a.parquet.meta.json"
    content = json.loads(sidecar.read_text(encoding="utf-8"))
    for broken in ({key: value for key, value in content.items() if key != missing}, {**content, missing: None}):
        sidecar.write_text(json.dumps(broken), encoding="utf-8")
        with pytest.raises(DataError, match=f"it has no {missing}"):
            tables.read_table(path)
        assert not tables.table_is_current(path, **about)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_manifest_is_named(damage: str, tmp_path: Path) -> None:
    with new_folder(tmp_path / "run", {"identity": 1}) as folder:
        (folder / "file").write_text("x", encoding="utf-8")
    (tmp_path / "run" / MANIFEST).write_bytes(DAMAGES[damage])
    for read in (read_manifest, verify_folder):
        with pytest.raises(DataError, match=MANIFEST):
            read(tmp_path / "run")


def test_a_sidecar_without_a_seed_is_named(tmp_path: Path) -> None:
    about: dict[str, Any] = {"config": {"a": 1}, "key": key_of("vas_theory.foundation.streams:check_seed")}
    for seed in (3, None):
        path = tables.write_table(FRAME, tmp_path / f"{seed}.parquet", seed=seed, **about)
        tables.read_table(path)
        sidecar = path.with_name(f"{path.name}.meta.json")
        content = json.loads(sidecar.read_text(encoding="utf-8"))
        del content["seed"]
        sidecar.write_text(json.dumps(content), encoding="utf-8")
        with pytest.raises(DataError, match="it has no seed"):
            tables.read_metadata(path)
