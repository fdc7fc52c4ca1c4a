"""The documentation builds without a warning, names everything that is public, and links only to what exists."""

from __future__ import annotations

import doctest
import importlib
import inspect
import os
import re
import shutil
import subprocess
import sys
import zlib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from sphinx.util.typing import stringify_annotation

from paper_figures.docs.api_pages import ROOMS, home_of, own_constants, public_modules, public_names, write_pages
from paper_figures.docs.docstrings import escape_prose, field_lists, short_types
from paper_figures.docs.generated.tables import find_table, points, with_interval
from paper_figures.docs.glossary import SYMBOLS
from paper_figures.docs.guide import SECTIONS
from paper_figures.docs.packages import picture
from paper_figures.docs.statements import statement_markdown
from paper_figures.drawing.declaration import ROOT
from paper_figures.report.maths import formula
from vas_theory.claims import all_claims
from vas_theory.provenance.tables import read_table
from vas_theory.selection.strategies import strategy_names

DOCS = ROOT / "paper_figures" / "docs"
BUILD_SECONDS = 900
"""Far above what a build takes alone; slow tests run two at a time."""
MODULES = [module for room in ROOMS for module in public_modules(room)]


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_has_a_docstring(room: str) -> None:
    bare = []
    for module in public_modules(room):
        loaded = importlib.import_module(module)
        if not (loaded.__doc__ or "").strip():
            bare.append(module)
        for name in set(public_names(module)) - set(own_constants(module)):
            found = getattr(loaded, name)
            if (inspect.isclass(found) or inspect.isroutine(found)) and not (found.__doc__ or "").strip():
                bare.append(f"{module}.{name}")
    assert not bare


def test_private_modules_claims_and_command_lines_have_no_page() -> None:
    assert "vas_theory.claims" in MODULES
    assert not [name for name in MODULES if "._" in name or "__main__" in name or ".a01_" in name or ".docs" in name]


def test_a_name_is_documented_where_it_is_defined() -> None:
    assert home_of("vas_theory.bounds", "variance_over_rho") == "vas_theory.bounds.gradient.variance_over_rho"
    home = "vas_theory.selection.sampler.variance_aware.VarianceAwareSampler"
    assert home_of("vas_theory.selection", "VarianceAwareSampler") == home
    assert home_of("vas_theory.bounds", "KAPPA_POLYNOMIAL").endswith("curvature.KAPPA_POLYNOMIAL")
    assert own_constants("simulations.running.experiment") == {"PRESETS": True}


def test_pages_are_written_once_and_removed_with_their_module(tmp_path: Path) -> None:
    write_pages(tmp_path)
    page = tmp_path / "vas_theory" / "vas_theory.foundation.errors.rst"
    before = page.stat().st_mtime_ns
    stray = tmp_path / "vas_theory" / "vas_theory.gone.rst"
    stray.write_text("", encoding="utf-8")
    write_pages(tmp_path)
    assert page.stat().st_mtime_ns == before
    assert not stray.exists()


def test_docstring_sections_become_fields() -> None:
    text = "Do it.\n\nArgs:\n    x, y: two: numbers\n        indeed.\n\nReturns:\n    A: b.\n\nSource: S."
    lines = text.splitlines()
    found = [line for line in field_lists(lines) if line]
    assert found == [
        "Do it.", ":param x,y: two: numbers", "        indeed.", ":Returns:", "    A: b.", ":Source: S."
    ]  # fmt: skip


def test_formulas_in_prose_are_not_markup() -> None:
    assert escape_prose(["|grad|^2 >= c, see ``|x|`` and pi_ * y"]) == [r"\|grad\|^2 >= c, see ``|x|`` and pi\_ * y"]
    assert escape_prose([".. math:: |x|_2", "", "   |y|", "", "|z|"])[::4] == [".. math:: |x|_2", r"\|z\|"]


def test_every_symbol_of_the_glossary_has_a_name_that_imports_and_a_formula_that_renders() -> None:
    for latex, _, name in SYMBOLS:
        module, attribute = name.rsplit(".", 1)
        assert hasattr(importlib.import_module(module), attribute), name
        assert str(formula(latex)).startswith("<math"), latex
    assert len({latex for latex, *_ in SYMBOLS}) == len(SYMBOLS)


def test_every_statement_shows_its_ledger_entry_and_renders() -> None:
    claims = all_claims()
    for claim in claims.values():
        text = statement_markdown(claim, {"tightness": 0.5})
        assert f"({claim.id.lower()})=" in text
        assert claim.statement in text
        assert str(formula(claim.statement)).startswith("<math"), claim.id
        for other in claim.corrected_by:
            assert other in claims
            assert f"(#{other.lower()})" in text


def test_code_on_the_pages_runs_as_shown() -> None:
    blocks = [
        (page.name, block)
        for page in sorted(DOCS.glob("*.md"))
        for block in re.findall(r"^```pycon\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    ]
    assert blocks
    runner, parser = doctest.DocTestRunner(), doctest.DocTestParser()
    for name, block in blocks:
        runner.run(parser.get_doctest(block, {}, name, name, 0))
    assert runner.summarize().failed == 0


def test_guide_finds_committed_tables_first_and_says_what_is_missing(tmp_path: Path) -> None:
    assert "python -m simulations run tournament_ranking" in SECTIONS["ranking"](tmp_path)
    quick = tmp_path / "simulations" / "output" / "quick" / "tournament.parquet"
    paper = tmp_path / "simulations" / "results" / "paper" / "tournament.parquet"
    for path in (quick, paper):
        path.parent.mkdir(parents=True)
        path.touch()
        assert find_table("tournament", tmp_path) == path


def test_every_strategy_is_in_the_table_with_the_trainers_that_run_it() -> None:
    rows = {row.split("|")[1].strip(" `"): row for row in SECTIONS["strategies"](ROOT).splitlines()[2:]}
    assert list(rows) == strategy_names()
    able = {name: tuple(cell.strip() for cell in row.split("|")[-3:-1]) for name, row in rows.items()}
    assert (able["vas"], able["mopps"]) == (("yes", "yes"), ("yes", "yes"))
    assert (able["dapo"], able["knapsack"], able["oracle"]) == (("–", "yes"), ("–", "–"), ("–", "–"))
    assert "2507.04632" in rows["mopps"]
    assert all(len(row.split("|")[2].strip()) > 10 for row in rows.values())


def test_the_picture_shows_every_package_and_only_the_imports_that_there_are() -> None:
    drawn = picture()
    for name in ("vas_theory", "simulations", "full_scale", "paper_figures", "selection", "predictions", "figures"):
        assert f">{name}</t" in drawn, name
    said = (
        "simulations imports vas_theory; full_scale imports vas_theory; paper_figures imports simulations, vas_theory"
    )
    assert sorted(re.search('aria-label="(.*?)"', drawn)[1].split("; ")) == sorted(said.split("; "))  # type: ignore[index]
    assert drawn.count("<line") == 5, "four imports and the tables"


def test_the_architecture_page_names_files_that_exist() -> None:
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:vas_theory|simulations|full_scale|paper_figures)/[\w/.]+)`", page))
    assert len(named) > 12
    assert not [path for path in named if not (ROOT / path).exists()]


def test_cost_of_scoring_is_that_of_the_published_settings() -> None:
    row = next(line for line in SECTIONS["scoring"](ROOT).splitlines() if "main experiments" in line)
    assert "480,000" in row
    assert "143,360" in row
    assert f"{480_000 / (480_000 + 143_360):.0%}" in row


def test_the_predictions_of_claims_stand_beside_what_was_measured(tmp_path: Path) -> None:
    assert "Not computed" in SECTIONS["claim-predictions"](tmp_path)
    lines = SECTIONS["claim-predictions"](ROOT).splitlines()
    (shared,) = [line for line in lines if "`vas-states` against `vas`" in line]
    cells = [cell.strip() for cell in shared.split("|")]
    table = read_table(ROOT / "simulations" / "results" / "paper" / "network_tournament.parquet")
    final = table[(table["phase"] == "final") & (table["world"] == "chains-short")]
    rates = final.groupby("arm")["held_out_pass_rate"].mean()
    assert cells[4] == "+1"
    assert cells[5].startswith(points(rates["vas-states"] - rates["vas"]))
    (unmeasured,) = [line for line in lines if "`index` against `index@2`" in line]
    assert ("| – | not run |" in unmeasured) == ("index@2" not in rates)


def test_what_rounds_to_nothing_has_no_sign() -> None:
    assert [points(value) for value in (0.0004, -0.0004, 0.0, 0.0123, -0.0006)] == ["0.0", "0.0", "0.0", "+1.2", "-0.1"]
    row = {"gain": 0.02, "gain_low": -0.0001, "gain_high": 0.041}
    assert with_interval(row, "gain") == "+2.0 [0.0, +4.1]"


def test_the_record_of_vas_counts_the_worlds_of_the_tournament() -> None:
    """Won or lost where the mean paired difference is beyond 1.96 of its standard errors."""
    frame = read_table(ROOT / "simulations" / "results" / "paper" / "tournament.parquet")
    final = frame[frame["phase"] == "final"].sort_values("rollouts")
    last = final.groupby(["regime", "strategy", "world", "seed"])["pass_rate"].last()
    rows = SECTIONS["verdict"](ROOT).splitlines()[2:6]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    order = [(regime, name) for regime in ("fixed", "tuned") for name in ("vas", "vas-paper")]
    for (regime, name), shown in zip(order, cells, strict=True):
        gains = (last[regime, name] - last[regime, "uniform"]).groupby("world").agg(["mean", "sem"])
        ratio = gains["mean"] / gains["sem"]
        won, lost = int((ratio > 1.96).sum()), int((ratio < -1.96).sum())
        assert shown[2:] == [str(won), str(len(gains) - won - lost), str(lost)], (regime, name)


def test_the_study_shows_each_arms_gain_beside_its_prediction(tmp_path: Path) -> None:
    table = read_table(ROOT / "full_scale" / "results" / "paper" / "validation.parquet")
    gains = table[table["quantity"] == "accuracy_gain"].set_index("arm")
    lines = {line.split("`")[1]: line for line in SECTIONS["study"](ROOT).splitlines() if line.startswith("| `")}
    assert set(lines) == set(gains.index)
    for arm, row in gains.iterrows():
        found = [float(number) for number in re.findall(r"[+-]?\d+\.\d", lines[str(arm)])]
        wanted = [row[f"{name}{end}"] for name in ("predicted", "measured") for end in ("", "_low", "_high")]
        assert found == pytest.approx([100 * value for value in wanted], abs=0.051)
        assert lines[str(arm)].endswith(f"| {row['verdict']} |")
    assert "python -m full_scale study" in SECTIONS["study"](tmp_path)


def test_posteriors_are_fitted_on_other_seeds_than_they_are_judged_on() -> None:
    text = SECTIONS["posteriors"](ROOT)
    found = re.search(r"seeds ([\d, ]+), judged on seeds ([\d, ]+)", text)
    assert found
    fitted, judged = ({int(seed) for seed in part.split(",")} for part in found.groups())
    assert not fitted & judged
    losses = [float(line.rstrip(" |").rpartition("|")[2]) for line in text.splitlines()[2:5]]
    # what the page says of these: the default knows less than the average does, the fitted one more
    assert losses[1] < losses[2] < losses[0]


class _Page(HTMLParser):
    """The link targets and the ids of one page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.ids: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name == "id" and value:
                self.ids.add(value)
            elif name in ("href", "src") and value:
                (self.links if tag == "a" else self.loaded).add(value)


def build(folder: Path, *options: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("MPLBACKEND", "PYTHONWARNINGS")}
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", *options, str(DOCS), str(folder)]
    answer = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, timeout=BUILD_SECONDS)
    assert answer.returncode == 0, answer.stderr[-4000:]


def inventory(folder: Path) -> set[str]:
    """Return the full names that Sphinx documented."""
    raw = (folder / "objects.inv").read_bytes()
    listing = zlib.decompress(raw.split(b"\n", 4)[4]).decode()
    return {line.split(" ", 1)[0] for line in listing.splitlines() if " py:" in line}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documentation without running its notebooks."""
    folder = tmp_path_factory.mktemp("docs")
    build(folder, "-D", "nb_execution_mode=off")
    return folder


@pytest.mark.slow
@pytest.mark.timeout(BUILD_SECONDS + 60)
def test_every_public_name_is_on_an_api_page(built: Path) -> None:
    documented = inventory(built)
    missing = {
        f"{module}.{name}"
        for module in MODULES
        for name in public_names(module)
        if home_of(module, name) not in documented
    }
    assert not missing
    assert set(MODULES) <= documented


@pytest.mark.slow
@pytest.mark.timeout(BUILD_SECONDS + 60)
def test_every_local_link_leads_somewhere_and_nothing_is_loaded_from_elsewhere(built: Path) -> None:
    pages = {path: _Page(path) for path in built.rglob("*.html")}
    assert len(pages) > 100
    broken = []
    for path, page in pages.items():
        assert not [address for address in page.loaded if urlsplit(address).scheme in ("http", "https")], path
        for address in page.links:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.parent == built.parent and target.name in ("report.html", "explorer.html"):
                continue  # what the project writes beside the documentation
            known = pages.get(target)
            if not target.exists() or (parts.fragment and known and unquote(parts.fragment) not in known.ids):
                broken.append(f"{path.relative_to(built)}: {address}")
    assert not broken


@pytest.mark.slow
@pytest.mark.timeout(BUILD_SECONDS + 60)
def test_a_broken_reference_stops_the_build(tmp_path: Path) -> None:
    copy = tmp_path / "docs"
    shutil.copytree(DOCS, copy, ignore=shutil.ignore_patterns("api", "notebooks"))
    (copy / "index.md").write_text("# Title\n\n[nowhere](missing.md)\n", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "-q",
        "-D",
        "exclude_patterns=api",
        str(copy),
        str(tmp_path / "out"),
    ]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=BUILD_SECONDS)
    assert answer.returncode != 0
    assert "missing" in answer.stderr


@pytest.mark.parametrize(
    ("annotation", "shown"),
    [
        (ArrayLike, "~numpy.typing.ArrayLike"),
        (list[ArrayLike], "list[~numpy.typing.ArrayLike]"),
        (tuple[NDArray[np.float64], int], "tuple[~numpy.typing.NDArray[~numpy.float64], int]"),
        (dict[str, int], "dict[str, int]"),
    ],
)
def test_types_of_arrays_are_shown_short(annotation: object, shown: str) -> None:
    assert short_types(stringify_annotation(annotation, "smart")) == shown


def test_a_page_opens_with_what_people_came_for(tmp_path: Path) -> None:
    write_pages(tmp_path)
    page = (tmp_path / "vas_theory" / "vas_theory.selection.rst").read_text(encoding="utf-8")
    assert page.index("`VarianceAwareSampler <vas_theory.selection.sampler") < page.index(".. automodule::")
    list_of_names = page[: page.index(".. automodule::")]
    assert not re.findall(r":(?:func|class|meth|mod|attr|data|exc):`", list_of_names), "they lead nowhere from here"
    assert list_of_names.index("VarianceAwareSampler") < list_of_names.index("ArcsineKalman")
    first = (tmp_path / "full_scale" / "index.rst").read_text(encoding="utf-8").split("All modules:")[0]
    assert "`VASGRPOTrainer <full_scale.trl_adapter.trainer.VASGRPOTrainer>`" in first


def test_a_package_without_names_of_its_own_leads_to_its_modules(tmp_path: Path) -> None:
    write_pages(tmp_path)
    page = (tmp_path / "vas_theory" / "vas_theory.selection.sampler.rst").read_text()
    assert ":doc:`vas_theory.selection.sampler.variance_aware <vas_theory.selection.sampler.variance_aware>`" in page
    assert "which prompts to train on next" in page
