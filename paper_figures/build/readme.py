"""The generated parts of the README: what arms learned, ten claims, and what the main job printed last.

A generated part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from pathlib import Path

from paper_figures.build.digest import digest_lines
from paper_figures.drawing.declaration import ROOT
from paper_figures.networks import NETWORKS
from paper_figures.report.network_tables import short_table
from paper_figures.report.results import prediction_counts
from vas_theory.claims import all_claims
from vas_theory.claims.lib.base import Verdict
from vas_theory.claims.lib.ledger import completeness_row
from vas_theory.foundation.errors import DataError
from vas_theory.provenance.tables import atomic_path, read_table

__all__ = ["OUTPUT_RECORD", "render_readme", "write_readme"]

OUTPUT_RECORD = ROOT / "paper_figures" / "results" / "reproduce.txt"
"""The closing lines of the last recorded run of the main job."""


def _output() -> str:
    if not OUTPUT_RECORD.exists():
        raise DataError(f"{OUTPUT_RECORD} does not exist; run: python -m paper_figures reproduce --record")
    said = OUTPUT_RECORD.read_text(encoding="utf-8").strip("\n")
    older = "" if f" of {len(all_claims())} " in said else " (Recorded when the ledger had fewer claims.)"
    return f"On two CPU cores without a GPU they end like this:{older}\n```text\n{said}\n```"


def _predictions() -> str:
    """Count the predictions of the paper-size study, which the quick one of the main job only rehearses."""
    found = prediction_counts(ROOT, "paper")
    failed, open_ = found.verdicts.get("failed", 0), found.verdicts.get("uninformative", 0)
    return _filled(
        f"Of {found.total} predictions about training a 135M model, written before it, {found.standing} held, "
        f"{failed} failed, {open_} were uninformative (too wide)."
    )


def _verdict() -> str:
    """Tell what arms learned in the mean over worlds."""
    *lines, about = short_table(read_table(NETWORKS.path(ROOT, "paper")))
    return "\n".join([*lines, _filled(about)])


def _claims() -> str:
    """List ten claims with their verdicts, and count all and those that a machine has checked."""
    claims = all_claims()
    count = Counter(str(claim.verdict) for claim in claims.values())
    verdicts = ", ".join(f"{number} {verdict}" for verdict, number in count.most_common())
    proved = [claim for claim in claims.values() if claim.verdict in (Verdict.PROVED, Verdict.CONDITIONAL)]
    whole = sum(completeness_row(claim)["complete"] == "machine" for claim in proved)
    count_checked = f"all {whole}" if whole == len(proved) else f"{whole} of the {len(proved)}"
    checked = (
        f"A machine has checked {count_checked} proved or conditional ones ([replay](paper_figures/docs/proofs.md))."
    )
    return "\n".join([_filled(f"{len(claims)} claims: {verdicts}. {checked} Ten claims:"), *digest_lines(claims)])


def _filled(text: str) -> str:
    return textwrap.fill(text, 119, break_on_hyphens=False)


def render_readme(text: str) -> str:
    """Return the README with its generated parts renewed.

    Args:
        text: the README as it is.

    Raises:
        DataError: a part is missing, or the record of the main job is.
    """
    parts = {"verdict": _verdict, "output": _output, "claims": _claims, "predictions": _predictions}
    for name, render in parts.items():
        pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if len(pattern.findall(text)) != 1:
            raise DataError(f"the README must have exactly one part '<!-- generated: {name} -->'")
        body = render()
        text = pattern.sub(lambda match, body=body: f"{match[1]}{body}\n{match[2]}", text)  # type: ignore[misc]
    return text


def write_readme(path: Path = ROOT / "README.md") -> bool:
    """Renew the generated parts of the README in place and say whether anything changed."""
    old = path.read_text(encoding="utf-8")
    new = render_readme(old)
    if new != old:
        with atomic_path(path) as temporary:
            temporary.write_text(new, encoding="utf-8")
    return new != old
