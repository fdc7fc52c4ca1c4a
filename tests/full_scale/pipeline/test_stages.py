"""A stage's result: whole or not there, known by what it was made from, never taken for another's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from full_scale.pipeline.config import load_pipeline
from full_scale.pipeline.curation.parts import PARTS, split_into_parts
from full_scale.pipeline.run import Pipeline
from full_scale.pipeline.stage import IDENTITY, Stage, finished, make
from full_scale.runs import only_writer
from vas_theory.foundation.errors import ArgumentError, DataError, IntegrityError, StateMismatchError, VASError


def stage(folder: Path, **depends: object) -> Stage:
    return Stage("curate", folder, {"rule": 1, **depends}, {"source": "abc"})


def write(one: Stage) -> None:
    with make(one, lambda: "key") as (work, target):
        (work / "journal").write_text("paid for", encoding="utf-8")
        (target / "rows").write_text("7", encoding="utf-8")


def test_a_finished_stage_is_read_back(tmp_path: Path) -> None:
    one = stage(tmp_path)
    assert not finished(one)
    write(one)
    assert finished(one)
    assert (one.work / "journal").exists()


def test_what_a_kill_left_of_a_finished_stage_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Stage("cold-start", tmp_path / "cold-start", {"rule": 1}, {})
    write(one)
    (one.work / "checkpoints" / "checkpoint-2").mkdir(parents=True)
    pipeline = Pipeline(load_pipeline("vlm-smoke"), tmp_path, silent)
    monkeypatch.setattr(pipeline, "stage", lambda name: one)
    pipeline.run("cold-start")
    assert sorted(path.name for path in one.work.iterdir()) == [IDENTITY, "journal"]


def test_equal_runs_have_equal_manifests(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(stage(tmp_path / name))
    manifests = [(tmp_path / name / "result" / "manifest.json").read_bytes() for name in ("a", "b")]
    assert manifests[0] == manifests[1]
    assert b"versions" in manifests[0]


def test_other_settings_are_refused_also_half_way(tmp_path: Path) -> None:
    write(stage(tmp_path / "done"))
    with pytest.raises(StateMismatchError, match=r"finished stage curate .* rule: expected 2, found 1"):
        finished(stage(tmp_path / "done", rule=2))
    with pytest.raises(RuntimeError), make(stage(tmp_path / "half"), lambda: "key"):
        raise RuntimeError
    assert not finished(stage(tmp_path / "half"))
    with pytest.raises(StateMismatchError, match="unfinished stage curate"):
        finished(stage(tmp_path / "half", rule=2))


@pytest.mark.parametrize("text", [b"", b"[]", b'{"rule"', b"\xff\xfe", b"[" * 100_000], ids=range(5))
def test_a_damaged_identity_of_what_is_under_way_is_named(tmp_path: Path, text: bytes) -> None:
    one = stage(tmp_path)
    with pytest.raises(RuntimeError), make(one, lambda: "key"):
        raise RuntimeError
    (one.work / IDENTITY).write_bytes(text)
    with pytest.raises(DataError, match="drop the stage with --restart"):
        finished(one)


@pytest.mark.parametrize("text", [b"", b"[]", b'{"rows"', b"\xff\xfe", b"[" * 100_000], ids=range(5))
def test_a_damaged_account_of_a_part_is_named(tmp_path: Path, text: bytes) -> None:
    (tmp_path / PARTS).write_bytes(text)
    with pytest.raises(DataError, match=f"{PARTS} .*remove it, and its part is made again"):
        split_into_parts([], tmp_path, size=1, duplicates=None, report=silent)


def test_an_altered_file_is_found(tmp_path: Path) -> None:
    write(stage(tmp_path))
    (tmp_path / "result" / "rows").write_text("8", encoding="utf-8")
    with pytest.raises(IntegrityError, match="altered"):
        finished(stage(tmp_path))


def silent(_: str) -> None:
    """Say nothing."""


def test_a_stage_asks_for_those_before_it(tmp_path: Path) -> None:
    pipeline = Pipeline(load_pipeline("vlm-smoke"), tmp_path, silent)
    with pytest.raises(DataError, match="stage curate is not finished"):
        pipeline.run("train")


def test_an_altered_stage_is_found_by_those_that_read_it(tmp_path: Path) -> None:
    write(stage(tmp_path / "curate"))
    pipeline = load_pipeline("vlm-smoke")
    Pipeline(pipeline, tmp_path, silent).stage("cold-start")
    (tmp_path / "curate" / "result" / "rows").write_text("8", encoding="utf-8")
    with pytest.raises(IntegrityError, match="rows was altered"):
        Pipeline(pipeline, tmp_path, silent).stage("cold-start")


def test_what_has_no_effect_on_answers_may_change(tmp_path: Path) -> None:
    first, second = (
        Pipeline(load_pipeline("vlm-smoke", ["answers.by=endpoint", "answers.model=x", *more]), tmp_path, silent)
        for more in ([], ["answers.url=http://other/v1", "answers.concurrency=2", "curate.workers=2"])
    )
    assert first.stage("curate").identity == second.stage("curate").identity
    third = Pipeline(load_pipeline("vlm-smoke", ["answers.by=endpoint", "answers.model=y"]), tmp_path, silent)
    assert first.stage("curate").identity != third.stage("curate").identity


def test_a_source_that_changed_is_another_stage(tmp_path: Path) -> None:
    source = tmp_path / "p.jsonl"
    changes = ["problems={name='file', source='%s'}" % source, "answers.by=endpoint", "answers.model=x"]  # noqa: UP031
    identities = []
    for text in ("{}", "{ }"):
        source.write_text(text, encoding="utf-8")
        identities.append(Pipeline(load_pipeline("vlm-smoke", changes), tmp_path, silent).stage("curate").identity)
    assert identities[0] != identities[1]


def test_a_base_model_that_changed_is_another_stage(
    tiny_builder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pipeline, "_input", lambda self, name: "made before")
    identities = []
    for seed in (0, 0, 1):
        model = tiny_builder(tmp_path / "model", seed=seed)
        pipeline = Pipeline(load_pipeline("vlm-smoke", [f"cold_start.model={model}"]), tmp_path, silent)
        identities.append(pipeline.stage("cold-start").identity)
    assert identities[0] == identities[1] != identities[2]


def test_a_second_pipeline_in_one_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("work was begun")

    monkeypatch.setattr(Pipeline, "_make", refuse)
    monkeypatch.setattr(Pipeline, "_drop_from", refuse)
    for restart in (False, True):
        with only_writer(tmp_path), pytest.raises(ArgumentError, match="no other command is writing"):
            Pipeline(load_pipeline("vlm-smoke"), tmp_path, silent, restart=restart).run("curate")


def test_more_devices_than_there_are_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = Pipeline(load_pipeline("mmr1-7b"), tmp_path, silent)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    with pytest.raises(
        VASError, match=r"8 devices .* accelerate launch --config_file .*zero3.yaml .* --only cold-start"
    ):
        pipeline._launch("cold-start", pipeline.config.cold_start.hardware)


def test_restart_drops_a_stage_and_what_was_made_from_it(tmp_path: Path) -> None:
    for name in ("curate", "cold-start", "train", "evaluate"):
        (tmp_path / name).mkdir()
    pipeline = Pipeline(load_pipeline("vlm-smoke"), tmp_path, silent, restart=True)
    with pytest.raises(DataError):
        pipeline.run("cold-start")
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["curate"]


def test_the_code_behind_every_stage_has_a_key() -> None:
    from full_scale.pipeline.cold_start import cold_start
    from full_scale.pipeline.curation.stage import curate
    from full_scale.pipeline.evaluation import evaluate
    from full_scale.pipeline.train import train
    from vas_theory.provenance.fingerprint import key_of

    assert len({key_of(stage).digest for stage in (curate, cold_start, train, evaluate)}) == 4


def test_every_trained_model_names_the_stock_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import full_scale.pipeline.train as module

    config = load_pipeline("vlm-arms", ["train.training.seeds=[0, 1]"])
    names = [f"{arm.name}-seed{seed}" for arm in config.train.arms for seed in (0, 1)]
    assert len(names) > 2

    def train_arms(study: object, work: Path, report: object) -> None:
        for name in names:
            weights = work / "runs" / name / "weights"
            weights.mkdir(parents=True)
            (weights / "processor_config.json").write_text('{"processor_class": "ours"}', encoding="utf-8")
        for name in module._TABLE:
            (work / name).touch()

    monkeypatch.setattr(module, "train_arms", train_arms)
    one = Stage("train", tmp_path / "train", {}, {})
    module.train(config, one, tmp_path / "model", tmp_path, silent)
    for name in names:
        settings = json.loads((one.result / name / "processor_config.json").read_text(encoding="utf-8"))
        assert settings["processor_class"] == "Qwen2_5_VLProcessor", name


def test_a_tokenizer_is_saved_alike_whether_it_padded_a_batch_or_not(tiny_folder: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    from full_scale.models.saving import forget_batch

    saved = []
    for texts in ([], ["1+1=", "12+3="]):
        tokenizer = AutoTokenizer.from_pretrained(tiny_folder)
        if texts:
            tokenizer(texts, padding=True, truncation=True, max_length=3)
        forget_batch(tokenizer)
        tokenizer.save_pretrained(tmp_path / str(len(texts)))
        saved.append((tmp_path / str(len(texts)) / "tokenizer.json").read_bytes())
    assert saved[0] == saved[1]
