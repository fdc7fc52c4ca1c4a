"""The ledger of claims: one module a claim, found by its file name ``<id>_<words>.py``.

A claim module defines ``CLAIMS``, a tuple of :class:`~vas_theory.claims.lib.base.Claim`. Adding a file adds the claim.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from vas_theory.claims.lib import drawing as _drawing  # noqa: F401  (gives claims their plot)
from vas_theory.claims.lib.base import Claim
from vas_theory.foundation.errors import UnknownNameError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["all_claims", "claim_modules", "get_claims", "table"]

__dispatch__ = "CLAIMS"

_NUMBER = re.compile(r"(?<=^[A-Z])\d+$")
"""The number of an id, which has two digits or more."""

_CLAIM_MODULE = re.compile(r"[abcl]\d\d_\w+")


@cache
def claim_modules() -> dict[str, str]:
    """Return the import path of the module that states each claim, by id, sorted by id.

    Raises:
        RuntimeError: two claims share an id.
    """
    modules: dict[str, str] = {}
    for module in pkgutil.iter_modules(__path__):
        if not _CLAIM_MODULE.fullmatch(module.name):
            continue
        path = f"{__name__}.{module.name}"
        for claim in importlib.import_module(path).CLAIMS:
            if claim.id in modules:
                raise RuntimeError(f"two claims have the id {claim.id}")
            modules[claim.id] = path
    return dict(sorted(modules.items()))


@cache
def all_claims() -> dict[str, Claim]:
    """Return every claim by id, sorted by id.

    Raises:
        RuntimeError: two claims share an id.
    """
    modules = claim_modules()
    found = {claim.id: claim for path in set(modules.values()) for claim in importlib.import_module(path).CLAIMS}
    return {name: found[name] for name in modules}


def get_claims(ids: Iterable[str] = ()) -> list[Claim]:
    """Return the claims with these ids, or all when none are given; ``a6`` and ``A06`` are the same.

    Raises:
        UnknownNameError: an id is not in the ledger.
    """
    claims = all_claims()
    wanted = [_NUMBER.sub(lambda found: found[0].zfill(2), name.upper()) for name in ids]
    for name in wanted:
        if name not in claims:
            raise UnknownNameError("claim", name, claims)
    return [claims[name] for name in wanted] if wanted else list(claims.values())


def table() -> pd.DataFrame:
    """Return the ledger as a table, one row a claim, by id.

    Returns:
        ``title``, ``source``, ``verdict``, ``certificate``, ``complete`` (what a machine has checked), ``tightness``
        and ``seconds`` of the recorded verification (NaN where there is none), ``experiment`` and ``figure``.

    >>> from vas_theory import claims
    >>> claims.table().loc["A06", ["verdict", "certificate"]].tolist()
    ['refuted', 'counterexample']
    """
    import pandas as pd

    from vas_theory.claims.lib.ledger import claim_row, read_record

    record = read_record()
    rows = [{**claim_row(claim), **_recorded(record.get(claim.id, {}))} for claim in all_claims().values()]
    columns = ["title", "source", "verdict", "certificate", "complete", "tightness", "seconds", "experiment", "figure"]
    return pd.DataFrame(rows).set_index("id")[columns].astype({"tightness": float, "seconds": float})


def _recorded(row: Mapping[str, object]) -> dict[str, object]:
    return {name: row.get(name) for name in ("tightness", "seconds")}
