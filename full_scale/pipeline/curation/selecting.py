"""Which answered problems go where: bands of pass rates, chains for the cold start, an even draw over types for RL."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from full_scale.pipeline.curation.parts import part_name, problem_schema, read_part, write_rows
from full_scale.tasks.splitting import content_key

if TYPE_CHECKING:
    from full_scale.pipeline.settings import CurateConfig

__all__ = ["BANDS", "band_of", "even_shares", "select"]

BANDS = ("easy", "medium", "hard")
UNANSWERED = "unanswered"
TASK = "mmr1"
"""The task that reads the problems in training, whose keys begin with it."""


def band_of(pass_rate: float | None, easy: float, hard: float) -> str:
    """Return ``easy`` from one pass rate on, ``hard`` up to another, ``medium`` between, ``unanswered`` without one."""
    if pass_rate is None:
        return UNANSWERED
    return "easy" if pass_rate >= easy else "hard" if pass_rate <= hard else "medium"


def even_shares(available: Mapping[str, int], total: int) -> dict[str, int]:
    """Return how many to take of each type so that the smallest shares are as large as can be.

    Types that have fewer than an even share give all; what they leave goes to the others evenly.

    Args:
        available: type -> problems.
        total: to take in all, at most; 0 for all.
    """
    if total <= 0 or total >= sum(available.values()):
        return dict(available)
    shares: dict[str, int] = {}
    left = total
    for place, name in enumerate(sorted(available, key=lambda name: (available[name], name))):
        shares[name] = min(available[name], left // (len(available) - place))
        left -= shares[name]
    return shares


def _order(key: str) -> str:
    """Return what problems are ordered by where some are taken: a hash, so that the choice is random and fixed."""
    return content_key(f"reinforcement learning {key}")


def _answered(folder: Path, parts: int, columns: list[str] | None = None) -> Iterator[dict[str, Any]]:
    for number in range(parts):
        yield from read_part(folder / "answered" / f"{part_name(number)}.parquet", columns)


def select(config: CurateConfig, folder: Path, parts: int, target: Path) -> dict[str, Any]:
    """Write ``cold_start.parquet``, ``rl.parquet`` and the pass rates for the sampler, and return all counts.

    Args:
        config: bands, chains and the size for reinforcement learning.
        folder: of the answered parts.
        parts: how many there are.
        target: folder of the files.
    """
    bands, table = Counter[str](), defaultdict[str, Counter[str]](Counter)
    candidates: dict[str, list[str]] = defaultdict(list)
    for row in _answered(folder, parts, ["key", "type", "pass_rate", "source", "licence"]):
        band = band_of(row["pass_rate"], config.easy, config.hard)
        bands[band] += 1
        table[row["type"]][band] += 1
        if band in config.rl_bands:
            candidates[row["type"]].append(_order(row["key"]))
    last = _last_taken(candidates, config)
    counts = {"cold start": Counter[str](), "reinforcement learning": Counter[str]()}
    sources: dict[str, Counter[str]] = {name: Counter() for name in counts}
    licences: dict[str, Counter[str]] = {name: Counter() for name in counts}

    def note(name: str, row: Mapping[str, Any]) -> None:
        counts[name][row["type"]] += 1
        sources[name][row["source"] or "(not said)"] += 1
        licences[name][row["licence"] or "(not said)"] += 1

    def chains() -> Iterator[dict[str, Any]]:
        for row in _answered(folder, parts):
            if band_of(row["pass_rate"], config.easy, config.hard) in config.cold_start_bands:
                for chain in row["chains"]:
                    note("cold start", row)
                    yield {**row, "chain": chain}

    def problems() -> Iterator[dict[str, Any]]:
        for row in _answered(folder, parts):
            in_band = band_of(row["pass_rate"], config.easy, config.hard) in config.rl_bands
            if in_band and _order(row["key"]) <= last.get(row["type"], ""):
                note("reinforcement learning", row)
                yield row

    import pyarrow as pa

    measured = [("pass_rate", pa.float64()), ("answers", pa.int64())]
    kept = pa.schema([*problem_schema(), *measured, ("chain", pa.string())])
    write_rows(target / "cold_start.parquet", chains(), kept)
    write_rows(target / "rl.parquet", problems(), pa.schema([*problem_schema(), *measured]))
    named = (
        {"prompt_key": f"{TASK}:rl.parquet/{row['key']}", "pass_rate": row["pass_rate"], "trials": row["answers"]}
        for row in read_part(target / "rl.parquet", ["key", "pass_rate", "answers"])
    )
    rates = [("prompt_key", pa.string()), ("pass_rate", pa.float64()), ("trials", pa.int64())]
    write_rows(target / "pass_rates.parquet", named, pa.schema(rates))
    return {
        "bands": {name: bands[name] for name in (*BANDS, UNANSWERED) if bands[name]},
        "bands by type": {name: dict(found) for name, found in sorted(table.items())},
        "kept": {name: dict(found) for name, found in counts.items()},
        "sources": {name: dict(found) for name, found in sources.items()},
        "licences": {name: dict(found) for name, found in licences.items()},
    }


def _last_taken(candidates: Mapping[str, Sequence[str]], config: CurateConfig) -> dict[str, str]:
    """Return of each type the place in the fixed order up to which its problems are taken."""
    if not config.uniform:
        everything = sorted(place for places in candidates.values() for place in places)
        count = config.rl_problems or len(everything)
        return dict.fromkeys(candidates, everything[:count][-1] if everything else "")
    shares = even_shares({name: len(places) for name, places in candidates.items()}, config.rl_problems)
    return {name: sorted(places)[shares[name] - 1] for name, places in candidates.items() if shares[name]}
