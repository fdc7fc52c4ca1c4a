"""``python -m tests.mutation``: change one constant or sign at a time and see which test notices."""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.mutation.areas import GROUPS, Area
from tests.mutation.mutants import ROOT, Mutant, mutants
from tests.mutation.running import first_failure, load_libraries

FOLDER = Path(__file__).parent
DONE = FOLDER / "output" / "done.jsonl"
REPORTS = FOLDER / "reports"
EQUIVALENT = FOLDER / "equivalent.toml"


def sample(count: int, seed: int, areas: Mapping[str, Area] = GROUPS["theory"]) -> list[tuple[str, Mutant]]:
    """Return a random sample of mutants with their areas: equally many of every area that has so many, else all."""
    every = {name: [mutant for file in area.files() for mutant in mutants(file)] for name, area in areas.items()}
    picked = {}
    for place, area in enumerate(sorted(areas, key=lambda name: len(every[name]))):
        share = (count - sum(map(len, picked.values()))) // (len(areas) - place)
        drawn = random.Random(f"{seed} {area}").sample(every[area], min(share, len(every[area])))
        picked[area] = sorted(drawn, key=lambda mutant: (mutant.file, mutant.site))
    return [(area, mutant) for area in areas for mutant in picked[area]]


def key(mutant: Mutant) -> str:
    """Return what names a mutant as long as its file stays as it is."""
    digest = hashlib.sha256((ROOT / mutant.file).read_bytes()).hexdigest()[:12]
    return f"{mutant.file}:{digest}:{mutant.site}"


def explanations() -> dict[tuple[str, str, str], str]:
    """Return why a mutant that lives changes nothing, by file, line of code and change."""
    entries = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["equivalent"]
    return {(entry["file"], entry["line"], entry["change"]): entry["why"] for entry in entries}


def place(mutant: Mutant) -> tuple[str, str, str]:
    """Return a mutant's file, its line of code and its change; numbers of lines move."""
    lines = (ROOT / mutant.file).read_text(encoding="utf-8").splitlines()
    return mutant.file, lines[mutant.line - 1].strip(), mutant.change


def report(found: Sequence[tuple[str, Mutant, str]], seed: int, group: str = "theory") -> str:
    """Return the table of mutants and what noticed them."""
    why = explanations()
    killed = sum(bool(test) for _, _, test in found)
    alive = [place(mutant) for _, mutant, test in found if not test]
    explained = sum(name in why for name in alive)
    lines = [
        "# Mutants of one constant or one sign",
        "",
        f"Written by `python -m tests.mutation --group {group} --count {len(found)} --seed {seed}`: of {len(found)} "
        f"random mutants "
        f"{killed} are noticed by a test ({killed / len(found):.0%}), {explained} of the {len(alive)} others change "
        "no value that the code can give.",
        "",
        "| area | file | line | change | noticed by |",
        "| --- | --- | --- | --- | --- |",
    ]
    for area, mutant, test in found:
        change = mutant.change.replace("|", r"\|")
        reason = why.get(place(mutant))
        noticed = f"`{test}`" if test else f"nothing: {reason or 'not explained'}"
        lines.append(
            f"| {area} | `{mutant.file}` | {mutant.line} | `{change}` | {noticed.replace('|', chr(92) + '|')} |"
        )
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a sample of mutants; what was done before is not done again."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="how many mutants")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--group", choices=list(GROUPS), default="theory", help="which areas share the sample")
    parser.add_argument("--area", action="append", help="only these areas of the group; no report is written")
    options = parser.parse_args(arguments)
    areas = GROUPS[options.group]
    if unknown := [name for name in options.area or () if name not in areas]:
        parser.error(f"--area must be among {', '.join(areas)}, got {', '.join(unknown)}")
    areas = {name: area for name, area in areas.items() if name in (options.area or areas)}
    chosen = sample(options.count, options.seed, areas)
    load_libraries(torch=options.group == "adapters")
    DONE.parent.mkdir(exist_ok=True)
    rows = map(json.loads, DONE.read_text(encoding="utf-8").splitlines()) if DONE.exists() else []
    done = {row["key"]: row["test"] for row in rows if row["test"]}  # what lived is tried again
    passing: set[tuple[str, ...]] = set()
    found = []
    for area, mutant in chosen:
        test = done.get(key(mutant), "")
        for stage in () if test else areas[area].stages(mutant.file):
            test = first_failure(mutant, stage)
            if test and tuple(stage) not in passing:
                if failing := first_failure(None, stage):
                    parser.error(f"{failing} fails without a mutant")
                passing.add(tuple(stage))
            if test:
                break
        found.append((area, mutant, test))
        with DONE.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key(mutant), "test": test}) + "\n")
        print(f"{mutant.file}:{mutant.line}  {mutant.change}  {test or 'LIVES'}", flush=True)
    if not options.area:
        REPORTS.mkdir(exist_ok=True)
        text = report(found, options.seed, options.group)
        (REPORTS / f"{options.group}_seed_{options.seed}.md").write_text(text, encoding="utf-8")
    print(f"{sum(bool(test) for *_, test in found)} of {len(found)} noticed")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
