"""The prime-rl plug-in against the recorded shape of its protocol, and against its own classes where installed.

The shapes are those of prime-rl at commit 559b4477 (21 August 2026), ``src/prime_rl/orchestrator/curriculum``, and of
the classes ``Episode``, ``Trace`` and ``Task`` of verifiers that it hands over.
"""

from __future__ import annotations

import pickle
from types import SimpleNamespace
from typing import Any

import pytest

from full_scale.plugins.prime_rl import MixedGroupGate, VASTaskSampler, group_rewards
from vas_theory.foundation.errors import ArgumentError, DataError, UnknownNameError, VASError

TASKS = [SimpleNamespace(key=f"task-{row}") for row in range(12)]


def trace(reward: float | None, *, has_error: bool = False, trainable: bool = True) -> SimpleNamespace:
    return SimpleNamespace(reward=reward, has_error=has_error, agent=SimpleNamespace(trainable=trainable))


def episodes(task: Any, rewards: list[float]) -> list[Any]:
    return [SimpleNamespace(task=task, traces=[trace(reward)]) for reward in rewards]


def sampler(**arguments: Any) -> VASTaskSampler:
    return VASTaskSampler(TASKS, **{"batch_size": 4, "group_size": 4, **arguments})


def run(tasks: VASTaskSampler, count: int, ahead: int = 3) -> list[str]:
    """Choose tasks with some groups always on their way."""
    waiting, chosen = [], []
    for _ in range(count):
        task = next(tasks)
        chosen.append(task.key)
        waiting.append(task)
        if len(waiting) > ahead:
            done = waiting.pop(0)
            right = int(done.key.split("-")[1]) % 5
            tasks.observe(episodes(done, [1.0] * right + [0.0] * (4 - right)))
    return chosen


def test_rewards_are_those_of_trainable_traces_without_errors() -> None:
    group = [
        SimpleNamespace(traces=[trace(1.0), trace(0.0), trace(9.0, has_error=True), trace(9.0, trainable=False)]),
        SimpleNamespace(traces=[trace(1.0, has_error=True)]),
        SimpleNamespace(traces=[]),
        SimpleNamespace(traces=[trace(None)]),  # that nothing scored
    ]
    first, *others = group_rewards(group)
    assert first == 0.5
    assert all(value != value for value in others)


def test_tasks_are_chosen_while_groups_are_on_their_way() -> None:
    tasks = sampler()
    run(tasks, 20)
    assert tasks.metrics()["unanswered_groups"] == 3
    assert tasks.metrics()["training_rollouts"] == 68
    assert iter(tasks) is tasks


def test_a_restored_sampler_goes_on_as_one_that_was_not_stopped() -> None:
    straight, stopped = sampler(), sampler()
    assert run(straight, 21) == run(stopped, 21)
    resumed = sampler()
    resumed.load_state_dict(pickle.loads(pickle.dumps(stopped.state_dict())))  # as torch.save does
    assert run(straight, 15, ahead=0) == run(resumed, 15, ahead=0)
    with pytest.raises(DataError):
        resumed.load_state_dict({"cursor": 3})  # of prime-rl's standard sampler


def test_tasks_may_be_added_between_two_runs() -> None:
    tasks = sampler()
    run(tasks, 10)
    later = VASTaskSampler([*TASKS, SimpleNamespace(key="new")], batch_size=4, group_size=4)
    later.load_state_dict(tasks.state_dict())
    assert later.metrics()["training_rollouts"] == 28


def test_silent_groups_are_charged_as_rejected_behind_a_gate() -> None:
    gated, gate = sampler(gated=True), MixedGroupGate()
    groups = [episodes(next(gated), rewards) for rewards in ([1.0] * 4, [1.0, 0.0, 1.0, 1.0])]
    for group in groups:
        gated.observe(group)
    assert [gate.admit(group) for group in groups] == [False, True]
    metrics = gated.metrics()
    assert (metrics["training_rollouts"], metrics["rejected_rollouts"]) == (4, 4)
    other = MixedGroupGate()
    other.load_state_dict(gate.state_dict())
    assert other.metrics() == gate.metrics() == {"admitted_groups": 1.0, "rejected_groups": 1.0}


REFUSED: list[tuple[Any, dict[str, Any], type[VASError], str]] = [
    (iter(TASKS), {}, ArgumentError, "finite"),
    ([TASKS[0], TASKS[0]], {}, DataError, "task 1 has the key"),
    ([SimpleNamespace(key=None)], {}, DataError, "no key"),
    (TASKS, {"settings": {"key": "id"}}, ArgumentError, "leave out key"),
    (TASKS, {"settings": {"sampler": {"score": "vps"}}}, ArgumentError, "diversity"),
    (TASKS, {"settings": {"mixture": 1}}, VASError, "mixture_ratio"),
]


@pytest.mark.parametrize(("tasks", "arguments", "error", "message"), REFUSED, ids=[case[-1] for case in REFUSED])
def test_what_cannot_work_is_refused(
    tasks: Any, arguments: dict[str, Any], error: type[VASError], message: str
) -> None:
    with pytest.raises(error, match=message):
        VASTaskSampler(tasks, **{"batch_size": 2, "group_size": 4, **arguments})


def test_groups_of_other_tasks_are_refused() -> None:
    with pytest.raises(UnknownNameError):
        sampler().observe(episodes(SimpleNamespace(key="other"), [1.0, 0.0]))
    for group in ([], [*episodes(TASKS[0], [1.0, 0.0]), *episodes(TASKS[1], [1.0])]):
        with pytest.raises(ArgumentError, match="group must hold episodes of one task"):
            sampler().observe(group)


def test_in_prime_rl_itself() -> None:
    curriculum = pytest.importorskip("prime_rl.orchestrator.curriculum", reason="prime-rl is not installed")
    import verifiers.v1 as vf

    for protocol, ours in ((curriculum.TaskSampler, VASTaskSampler), (curriculum.AdmissionGate, MixedGroupGate)):
        wanted = {name for name in vars(protocol) if callable(getattr(protocol, name))}
        assert all(callable(getattr(ours, name)) for name in wanted)

    def finished(task: Any, rewards: list[float]) -> list[Any]:
        named = vf.TraceTask(type=type(task).__name__, data=task.data, key=task.key, hash=task.hash)
        agent = vf.AgentInfo(config=vf.AgentConfig())
        made = []
        for reward in rewards:
            known = {"task": named, "agent": agent, "nodes": [], "rewards": {"reward": vf.Reward(score=reward)}}
            one = vf.Trace(**known, ok=True)
            about = {"env": vf.EnvInfo(id="sums", name="sums"), "group": vf.GroupInfo(id="g")}
            made.append(vf.Episode(**about, task=named, traces=[one]))
        return made

    tasks = [vf.Task(vf.TaskData(idx=row, prompt=f"task {row}")) for row in range(8)]

    def started() -> Any:
        whole = curriculum.Curriculum(None, tasks)
        whole.sampler = VASTaskSampler(tasks, batch_size=4, group_size=4, gated=True)
        whole.gates = {"mixed": MixedGroupGate()}
        return whole

    straight = started()
    admitted = []
    for rewards in ([1.0] * 4, [1.0, 0.0, 0.0, 1.0], [0.0] * 4):
        admitted.append(straight.on_result(finished(next(straight.sampler), rewards)))
    assert admitted == [False, True, False]
    resumed = started()
    resumed.load_state_dict(pickle.loads(pickle.dumps(straight.state_dict())))
    assert [next(straight.sampler).key for _ in range(9)] == [next(resumed.sampler).key for _ in range(9)]
    assert resumed.metrics() == straight.metrics()
    assert straight.metrics()["sampler/rejected_rollouts"] == 8
    assert straight.metrics()["gate/mixed/rejected_groups"] == 2
