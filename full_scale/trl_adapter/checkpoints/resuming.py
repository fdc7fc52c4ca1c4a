"""Which checkpoint a run goes on from: verified, of a run with the same settings, or none."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelerate.utils import broadcast_object_list

from full_scale.trl_adapter.checkpoints.manifest import checkpoint_step, is_plain, verify_checkpoint, was_finished
from full_scale.trl_adapter.checkpoints.settings import check_settings, run_settings
from full_scale.trl_adapter.scoring.interrupted import is_there
from vas_theory.foundation.errors import DataError, StateMismatchError, VASError

if TYPE_CHECKING:
    from full_scale.trl_adapter.mixin import VASMixin

__all__ = ["find_checkpoint", "newest_intact"]

logger = logging.getLogger(__name__)


def find_checkpoint(trainer: VASMixin, wanted: str | bool | None) -> Path | None:
    """Return the checkpoint to go on from, verified, with the sampler's part restored; None for a fresh start.

    Args:
        trainer: which is to go on.
        wanted: ``True`` for the newest whole one of its folder, or a path.

    Raises:
        DataError: there is none; an ``IntegrityError`` if it is damaged.
        StateMismatchError: it was made with other settings or prompts.
    """
    if not wanted:
        return None
    may_differ = trainer.vas.may_differ

    def find() -> Path | None:
        folder = newest_intact(trainer.args.output_dir, _plain_allowed) if wanted is True else Path(str(wanted))
        if folder is None or _plain_allowed(folder):
            return folder
        if is_plain(folder):
            raise DataError(
                f"checkpoint {folder} was not made by a trainer with VAS; VASConfig(may_differ=('trainer',)) goes on "
                "from it with a sampler that knows nothing yet"
            )
        check_settings(folder, run_settings(trainer), verify_checkpoint(folder), may_differ)
        return folder

    def _plain_allowed(folder: Path) -> bool:
        return "trainer" in may_differ and is_plain(folder)

    folder = _by_first_process(trainer, find)
    if folder is None:
        return None
    if is_plain(folder):
        logger.warning("checkpoint %s is of a trainer without VAS: the sampler knows nothing yet", folder)
        return folder
    try:
        trainer.restore_sampler(folder)
    except StateMismatchError as error:
        if "prompts" not in error.differences or trainer.vas.strategy != "vas":
            raise
        what = f"sampler in {folder} (to go on with other prompts: VASConfig(may_differ=('prompts',)))"
        raise StateMismatchError(what, error.differences) from None
    if not any(folder.glob("rng_state*")):
        logger.warning(
            "checkpoint %s holds no more than the weights (save_only_model): the optimiser and the schedule of the "
            "learning rate begin anew, and the run will differ from one that was never stopped",
            folder,
        )
    if trainer.unused_at_restore:
        logger.warning(
            "checkpoint %s fell inside a generation batch; its completions are lost, a new batch is drawn, and "
            "the run will differ from one that was never stopped",
            folder,
        )
    return folder


def _by_first_process(trainer: Any, find: Callable[[], Path | None]) -> Path | None:
    """Let one process read the checkpoints, and return or raise what it found in all of them."""
    if trainer.accelerator.num_processes == 1:
        return find()
    found: list[Any] = [None, None]
    error: VASError | None = None
    if trainer.accelerator.is_main_process:
        try:
            found[0] = find()
        except VASError as raised:
            error, found[1] = raised, str(raised)
    broadcast_object_list(found)
    if error is not None:
        raise error
    if found[1] is not None:
        raise VASError(found[1])
    return Path(found[0]) if found[0] else None


def newest_intact(output_dir: Path | str, accept: Callable[[Path], bool] = lambda folder: False) -> Path | None:
    """Return the newest checkpoint that verifies; those before it are passed over with a warning.

    None means that the run was stopped while it wrote its first checkpoint, or scored prompts before training, so that
    it has to begin anew.

    Args:
        output_dir: where the checkpoints are.
        accept: whether one is taken without a manifest.

    Raises:
        DataError: there is no checkpoint, or those that were written to their end are damaged.
    """
    folders = [folder for folder in Path(output_dir).glob("checkpoint-*") if checkpoint_step(folder) >= 0]
    damaged = False
    for folder in sorted(folders, key=checkpoint_step, reverse=True):
        if accept(folder):
            return folder
        try:
            verify_checkpoint(folder)
        except (OSError, VASError) as error:
            damaged = damaged or was_finished(folder)
            logger.warning("checkpoint %s rejected, trying the one before it: %s", folder, error)
            continue
        return folder
    if not folders and is_there(Path(output_dir)):
        logger.warning("there is no checkpoint in %s yet: training begins anew, its scoring need not", output_dir)
        return None
    if damaged or not folders:
        raise DataError(f"there is no whole checkpoint in {output_dir} to resume from")
    logger.warning("no checkpoint in %s was written to its end: training begins anew", output_dir)
    return None
