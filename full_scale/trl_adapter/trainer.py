"""TRL's GRPOTrainer with variance-aware sampling."""

from __future__ import annotations

import importlib.metadata

from full_scale.trl_adapter.compatibility import check_version
from vas_theory.foundation.errors import VASError

check_version()  # before TRL is imported: outside the range the import itself may fail less clearly

try:
    from trl import GRPOTrainer
except RuntimeError as error:  # how TRL reports that one of its own imports failed
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("trl", "transformers"))
    raise VASError(f"GRPOTrainer cannot be imported: {versions} do not go together ({error})") from error

from full_scale.trl_adapter.mixin import VASMixin  # noqa: E402

__all__ = ["VASGRPOTrainer"]


class VASGRPOTrainer(VASMixin, GRPOTrainer):
    """``GRPOTrainer`` that chooses its prompts by what their groups can teach; takes ``vas=VASConfig(...)`` besides.

    Source:
        The trainer is TRL's; the sampling follows arXiv 2509.21268.
    """
