"""How a sampler's keys are pickled: as themselves, since what finds them rests on hashes of one process."""

from __future__ import annotations

import copyreg
from typing import Any

from vas_theory.selection.sampler.prompt_keys import PromptKeys

__neutral__ = "how samplers are pickled"


def _parts(keys: PromptKeys) -> tuple[Any, ...]:
    return PromptKeys.from_state, (keys.as_state(),)


copyreg.pickle(PromptKeys, _parts)
