"""Checkpoints of models that are saved under other names than they have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from full_scale.config.training import ModelConfig
from full_scale.models.loading import load_pretrained
from full_scale.models.resuming import load_renamed_weights
from vas_theory.foundation.errors import DataError


def changed(folder: Path) -> Any:
    """Return a model with other weights than the folder's."""
    import torch

    model = load_pretrained(ModelConfig(name=str(folder))).model
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)
    return model


def test_a_model_that_reads_images_takes_over_its_checkpoint(tiny_vision: Path, tmp_path: Path) -> None:
    import torch

    saved, other = changed(tiny_vision), load_pretrained(ModelConfig(name=str(tiny_vision))).model
    saved.save_pretrained(tmp_path)
    assert load_renamed_weights(other, tmp_path)
    expected = saved.state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in other.state_dict().items())


def test_a_model_of_text_is_left_to_the_trainer(tiny_folder: Path, tmp_path: Path) -> None:
    model = changed(tiny_folder)
    model.save_pretrained(tmp_path)
    assert not load_renamed_weights(model, tmp_path)
    assert not load_renamed_weights(model, tmp_path / "nothing")


def test_a_damaged_checkpoint_is_named(tiny_vision: Path, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"cut")
    with pytest.raises(DataError, match=r"weights of checkpoint .* cannot be read"):
        load_renamed_weights(changed(tiny_vision), tmp_path)


def test_the_trainer_of_groups_goes_on_from_it(tiny_vision: Path, tmp_path: Path, monkeypatch: Any) -> None:
    from full_scale.trl_adapter.mixin import VASMixin

    saved = changed(tiny_vision)
    saved.save_pretrained(tmp_path)

    class Trainer(VASMixin):
        model = load_pretrained(ModelConfig(name=str(tiny_vision))).model

        def __init__(self) -> None:
            """Load nothing else."""

    trainer = Trainer()
    trainer._load_from_checkpoint(str(tmp_path))
    name, value = next(iter(trainer.model.named_parameters()))
    assert value.equal(dict(saved.named_parameters())[name])
