"""What verl imports as a plug-in: it hides why a plug-in fails, so this module says it."""

from __future__ import annotations

import logging

try:
    from full_scale.plugins import _verl_trainer  # noqa: F401
except Exception as error:
    logging.getLogger("full_scale").warning("verl's trainer mode 'vas' is not available: %s", error)
    raise
