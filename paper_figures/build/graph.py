"""A small graph of files: what is built from what, and which of it is stale.

A node is stale when the hash of one of its sources, inputs or settings differs from the one recorded when
it was built, when one of its outputs is missing or altered, or when a node it builds on is stale. The record
is written last, so a build that was killed at any moment leaves a node that is stale, never a wrong one that
looks current.
"""

from __future__ import annotations

import graphlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vas_theory.foundation.errors import DataError
from vas_theory.foundation.installation import where_tables_are
from vas_theory.provenance.tables import sha256_file, write_json

__all__ = ["Node", "build", "fingerprint", "in_order", "read_record", "stale_nodes", "stale_reasons"]


@dataclass(frozen=True)
class Node:
    """Something that is built from files into files.

    Args:
        name: what the user calls it.
        sources: what of the project decides how it is built, by the name that messages give it: a file, or the hash of
            the definitions that count.
        inputs: files it is built from.
        outputs: files it consists of.
        record: where the hashes of all of these are kept.
        build: writes the outputs.
        settings: whatever else the outputs depend on.
        remedies: how to make an input that nothing in the graph makes.
    """

    name: str
    sources: Mapping[str, Path | str]
    inputs: Sequence[Path]
    outputs: Sequence[Path]
    record: Path
    build: Callable[[], None]
    settings: Mapping[str, str] = field(default_factory=dict)
    remedies: Mapping[Path, str] = field(default_factory=dict)


def _hash(path: Path) -> str:
    return sha256_file(path) if path.is_file() else "missing"


def _hashes(node: Node, paths: Iterable[Path]) -> dict[str, str]:
    """Return the hash of every path by its place relative to the record, so that outputs may be moved as a whole."""
    return {Path(os.path.relpath(path, node.record.parent)).as_posix(): _hash(path) for path in paths}


def _state(node: Node) -> dict[str, dict[str, str]]:
    return {
        "source": {name: _hash(part) if isinstance(part, Path) else part for name, part in node.sources.items()},
        "input": _hashes(node, node.inputs),
        "setting": {key: str(value) for key, value in sorted(node.settings.items())},
        "output": _hashes(node, node.outputs),
    }


def read_record(node: Node) -> dict[str, Any]:
    """Return what was recorded when the node was built; empty when it never was or the record is damaged."""
    try:
        record = json.loads(node.record.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def stale_reasons(node: Node) -> list[str]:
    """Say why a node has to be built (again); an empty list means that it is current."""
    record = read_record(node)
    state = _state(node)
    reasons = []
    for path, value in zip(node.inputs, state["input"].values(), strict=True):
        if value == "missing":
            remedy = node.remedies.get(path)
            reasons.append(f"input {path} is missing" + (f" (make it with: {remedy})" if remedy else ""))
    if not any(path.is_file() for path in node.outputs):
        return [*reasons, "not built yet"]
    if not record:
        return [*reasons, "its record is missing or damaged"]
    for kind, values in state.items():
        recorded = record.get(kind, {})
        for name in sorted(values.keys() | recorded.keys()):
            if values.get(name) == recorded.get(name) or (kind == "input" and values.get(name) == "missing"):
                continue
            gone = values.get(name) == "missing"
            changed = "is missing" if gone else "was altered" if kind == "output" else "changed"
            shown = Path(name).name if kind in ("input", "output") else name
            reasons.append(f"{kind} {shown} {changed}")
    return reasons


def in_order(nodes: Sequence[Node]) -> list[Node]:
    """Return the nodes so that each comes after those whose outputs it reads."""
    return [nodes[index] for index in graphlib.TopologicalSorter(_dependencies(nodes)).static_order()]


def _dependencies(nodes: Sequence[Node]) -> dict[int, set[int]]:
    maker = {path: index for index, node in enumerate(nodes) for path in node.outputs}
    return {index: {maker[path] for path in node.inputs if path in maker} for index, node in enumerate(nodes)}


def stale_nodes(nodes: Sequence[Node]) -> dict[str, list[str]]:
    """Return name -> reasons of every stale node, including those that only build on a stale one."""
    dependencies = _dependencies(nodes)
    stale: dict[str, list[str]] = {}
    for index in graphlib.TopologicalSorter(dependencies).static_order():
        reasons = stale_reasons(nodes[index])
        reasons += [
            f"builds on {nodes[other].name}, which is stale"
            for other in sorted(dependencies[index])
            if nodes[other].name in stale
        ]
        if reasons:
            stale[nodes[index].name] = reasons
    return stale


def build(node: Node) -> float:
    """Build a node and record its hashes last.

    Returns:
        Seconds taken.

    Raises:
        DataError: an input is missing (named, with how to make it), or an output was not written.
    """
    for path in node.inputs:
        if not path.is_file():
            remedy = node.remedies.get(path)
            made = f"; make it with: {remedy}" if remedy else ""
            elsewhere = where_tables_are() if "results" in path.parts else ""
            raise DataError(f"{node.name} needs {path}, which does not exist{made}{elsewhere}")
    before = _state(node)
    start = time.perf_counter()
    node.build()
    seconds = time.perf_counter() - start
    state = {**before, "output": _state(node)["output"]}
    for path, value in zip(node.outputs, state["output"].values(), strict=True):
        if value == "missing":
            raise DataError(f"building {node.name} did not write {path}")
    write_json(node.record, {**state, "seconds": round(seconds, 3)})
    return seconds


def fingerprint(node: Node) -> str:
    """Return one hash of everything a built node was made from and consists of."""
    record = read_record(node)
    parts = {kind: record.get(kind, {}) for kind in ("source", "input", "setting", "output")}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
