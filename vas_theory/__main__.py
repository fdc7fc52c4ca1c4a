"""``python -m vas_theory``: list, show and verify the claims; audit your own bandit."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

from vas_theory.foundation.command_line import build_parser, run


def _list(arguments: argparse.Namespace) -> int:
    from vas_theory.claims import all_claims
    from vas_theory.claims.lib.ledger import COLUMNS, claim_row, read_record, shown_row, summary
    from vas_theory.foundation.display import print_table

    record = read_record()
    rows = []
    for claim in all_claims().values():
        recorded = record.get(claim.id, {})
        rows.append({**claim_row(claim), "tightness": recorded.get("tightness"), "seconds": recorded.get("seconds")})
    if arguments.json:
        print(json.dumps({"claims": rows}, indent=2))
    else:
        print_table(COLUMNS, map(shown_row, rows))
        print(f"\n{fill(summary(all_claims().values()), 80)}")
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from vas_theory.claims import get_claims
    from vas_theory.claims.lib.checks import verify
    from vas_theory.claims.lib.ledger import report_row
    from vas_theory.claims.lib.text import describe

    (claim,) = get_claims([arguments.id])
    report = verify(claim)
    if arguments.json:
        extra = {"assumptions": list(claim.assumptions), "lacked": claim.lacked}
        print(json.dumps({**report_row(report), **extra, "worst_instance": report.numeric.worst_instance}, indent=2))
    else:
        print(describe(report))
    return 0 if report.passed else 1


def _verify(arguments: argparse.Namespace) -> int:
    from vas_theory.claims import get_claims
    from vas_theory.claims.lib.checks import DEEP, DEFAULT, verify
    from vas_theory.claims.lib.ledger import COLUMNS, RECORD, report_row, shown_row
    from vas_theory.foundation.display import Progress, print_table
    from vas_theory.foundation.errors import ArgumentError
    from vas_theory.foundation.outputs import check_output_file, require_checkout
    from vas_theory.foundation.streams import check_seed
    from vas_theory.provenance.tables import write_json

    claims = get_claims(arguments.ids)
    if arguments.record:
        require_checkout("--record")
    if arguments.record and arguments.ids:
        raise ArgumentError("--record", "come without ids, since it records the whole ledger", arguments.ids)
    if arguments.output is not None:
        arguments.output = check_output_file(arguments.output)
    check_seed(arguments.seed)
    rows = []
    with Progress("verify", len(claims), unit="claims") as progress:
        for claim in claims:
            report = verify(claim, seed=arguments.seed, effort=DEEP if arguments.deep else DEFAULT)
            rows.append(report_row(report))
            outcome = "ok" if report.passed else "FAILED"
            why = "" if report.passed else f"\n    {report.evidence.detail}\n    {report.numeric.detail}"
            progress.advance(f"{claim.id} {outcome} {report.seconds:.2f} s  {claim.title}{why}")
    failed = [row["id"] for row in rows if not row["passed"]]
    answer = {"claims": rows, "passed": not failed}
    if arguments.record and not failed:
        write_json(RECORD, answer)
    if arguments.output is not None:
        write_json(arguments.output, answer)
    if arguments.json:
        print(json.dumps(answer, indent=2))
    else:
        print_table(COLUMNS, map(shown_row, rows))
        print(f"\n{len(rows) - len(failed)} of {len(rows)} verdicts stand" + (f"; failed: {failed}" if failed else ""))
    return 1 if failed else 0


def _proofs(arguments: argparse.Namespace) -> int:
    from vas_theory.foundation.outputs import require_checkout
    from vas_theory.proofs import record, rocq

    if arguments.record:
        require_checkout("--record")
        from vas_theory.claims import all_claims
        from vas_theory.claims.lib.bridge import bridge_text

        (rocq.SOURCES / "Bridge.v").write_text(bridge_text(all_claims().values(), rocq.sources()), encoding="utf-8")
    rocq.build()
    found = record.ask()
    problems = record.unsound(found, rocq.sources())
    if not problems and not arguments.record:
        problems = record.differences(record.read(), found)
    print("\n".join(problems) or f"{len(found.theorems)} theorems, checked by Rocq {found.version}: as recorded")
    if arguments.record and not problems:
        record.write(found)
    return 1 if problems else 0


def _finite(value: object) -> object:
    """Return null in the place of a number that JSON cannot say."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _audit(arguments: argparse.Namespace) -> int:
    from vas_theory.audit import audit_file, audit_text

    rows = audit_file(arguments.instance)
    if arguments.json:
        known = [{name: _finite(value) for name, value in row.items()} for row in rows]
        print(json.dumps({"rows": known}, indent=2, allow_nan=False))
    else:
        print(audit_text(rows))
    if not rows:
        print("no claim applies: these rewards or probabilities meet no claim's assumptions", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = build_parser("vas_theory", "Claims about variance-aware sampling, each with a check that can be run.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    command = commands.add_parser("list", help="the ledger: id, verdict, certificate, tightness, seconds")
    command.set_defaults(handler=_list)
    command.add_argument("--json", action="store_true", help="print JSON")

    command = commands.add_parser("show", help="statement, assumptions, verdict, proof and worst instance of one claim")
    command.set_defaults(handler=_show)
    command.add_argument("id", help="claim id, such as B02")
    command.add_argument("--json", action="store_true", help="print JSON")

    command = commands.add_parser("verify", help="run certificates and numeric checks; exit 1 if a verdict fails")
    command.set_defaults(handler=_verify)
    command.add_argument("ids", nargs="*", metavar="ID", help="claim ids; all when none are given")
    command.add_argument("--json", action="store_true", help="print JSON (progress goes to standard error)")
    command.add_argument("--deep", action="store_true", help="search far longer for violations (hours)")
    command.add_argument("--seed", type=int, default=0, help="seed of the numeric checks (default 0)")
    command.add_argument("--output", type=Path, metavar="FILE", help="also write the JSON to FILE")
    command.add_argument("--record", action="store_true", help="record the result as the package's ledger")

    command = commands.add_parser("proofs", help="compile the formal proofs with Rocq and compare with their record")
    command.set_defaults(handler=_proofs)
    command.add_argument("--record", action="store_true", help="renew the record, Bridge.v and statements.txt")

    command = commands.add_parser("audit", help="every bound beside the exact quantity, for a bandit of your own")
    command.set_defaults(handler=_audit)
    command.add_argument("instance", type=Path, metavar="INSTANCE.toml", help="probs or logits, rewards, group_size")
    command.add_argument("--json", action="store_true", help="print JSON")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run(_parser(), argv)


if __name__ == "__main__":
    sys.exit(main())
