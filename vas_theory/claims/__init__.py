"""The ledger of claims: one module a claim, found by its file name ``<id>_<words>.py``.

A claim module defines ``CLAIMS``, a tuple of :class:`~vas_theory.claims.lib.base.Claim`. Adding a file adds the claim.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable
from functools import cache

from vas_theory.claims.lib.base import Claim
from vas_theory.foundation.errors import UnknownNameError

__all__ = ["all_claims", "claim_modules", "get_claims"]

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
