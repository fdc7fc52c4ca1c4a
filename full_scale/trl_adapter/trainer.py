"""TRL's GRPOTrainer with variance-aware sampling."""

from __future__ import annotations

from full_scale.trl_adapter.compatibility import check_version

check_version()  # before TRL is imported: outside the range the import itself may fail less clearly

from trl import GRPOTrainer  # noqa: E402

from full_scale.trl_adapter.mixin import VASMixin  # noqa: E402

__all__ = ["VASGRPOTrainer"]


class VASGRPOTrainer(VASMixin, GRPOTrainer):
    """``GRPOTrainer`` that chooses its prompts by what their groups can teach; takes ``vas=VASConfig(...)`` besides.

    Source:
        The trainer is TRL's; the sampling follows arXiv 2509.21268.
    """
