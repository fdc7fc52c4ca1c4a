"""``python -m full_scale score DATA --model M --output FILE``: a column of pass rates, paid once and never lost."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vas_theory.foundation.command_line import parse_assignments, require
from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.outputs import check_output_file

if TYPE_CHECKING:
    from full_scale.answering import Answerer, Answers, Journal
    from full_scale.config.scoring import ScoreConfig
    from full_scale.scoring.data import Scored

__all__ = ["add_command", "journal_path"]

_TASKS = ("arithmetic", "reasoning_gym", "file", "mmr1")
_ENDPOINT = ("concurrency", "timeout", "retries", "answers_per_request", "key_variable")
_DIRECT = ("rollouts", "group_size", "limit", "style", "temperature", "max_new_tokens", "seed", "column")


def add_command(commands: Any) -> None:
    """Add ``score`` to the command line."""
    text = "answer every prompt of a data set several times, verify the answers and write a column of pass rates"
    command = commands.add_parser("score", help=text, description=text)
    command.set_defaults(handler=_run)
    command.add_argument(
        "data",
        metavar="DATA",
        help="a .jsonl or .parquet file, a folder of them, a hub id, or a task such as arithmetic",
    )
    command.add_argument(
        "--model", help="smollm2-135m (default), a folder or a hub id; an endpoint's name of its model"
    )
    command.add_argument("--output", type=Path, required=True, metavar="FILE", help=".parquet or .jsonl")
    command.add_argument("--rollouts", type=int, help="answers a prompt (default: 8)")
    command.add_argument("--adaptive", action="store_true", help="2 answers a prompt, more where groups may be mixed")
    command.add_argument("--group-size", type=int, help="of the run that the column is for (default: 8)")
    command.add_argument("--training-rollouts", type=int, help="of that run, for the account of when the column pays")
    command.add_argument("--limit", type=int, help="the first so many prompts alone")
    command.add_argument("--column", help="name of the column (default: pass_rate)")
    command.add_argument("--style", choices=("completion", "reasoning", "evaluation"), help="how questions are put")
    command.add_argument("--temperature", type=float, help="of sampling (default: 1)")
    command.add_argument("--max-new-tokens", type=int, help="an answer is cut here")
    command.add_argument("--seed", type=int, help="of a local model's draws (default: 0)")
    data = command.add_argument_group("a file's columns")
    data.add_argument("--problem-column", help="default: problem")
    data.add_argument("--answer-column", help="default: answer")
    data.add_argument("--check", choices=("math", "exact_match", "choice"), help="how answers are compared (math)")
    data.add_argument("--split", help="of a hub data set or a folder (default: train)")
    server = command.add_argument_group("an OpenAI-compatible endpoint instead of a local model")
    server.add_argument("--endpoint", metavar="URL", help="such as http://localhost:8000/v1")
    server.add_argument("--concurrency", type=int, help="requests at once (default: 8)")
    server.add_argument("--timeout", type=float, help="seconds without a sign of the server (default: 120)")
    server.add_argument("--retries", type=int, help="further tries of a request (default: 5)")
    server.add_argument("--answers-per-request", type=int, help="where a server knows 1 alone, say 1")
    server.add_argument("--key-variable", help="environment variable with the key (default: OPENAI_API_KEY)")
    command.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one value of the rest")


def journal_path(output: Path) -> Path:
    """Return where the answers to an output are kept."""
    return output.with_name(output.name + ".journal.jsonl")


def _config(arguments: argparse.Namespace) -> ScoreConfig:
    require("pydantic", "full-scale")
    from full_scale.config.scoring import ScoreConfig
    from full_scale.config.task import expand
    from full_scale.config.training import assign, checked

    name = arguments.data.partition(":")[0]
    task = expand(arguments.data) if name in _TASKS else {"name": "file", "source": arguments.data}
    of_file = {
        "problem_column": "problem_column",
        "answer_column": "answer_column",
        "check": "answer_check",
        "split": "split",
    }
    given = {
        key: getattr(arguments, option) for option, key in of_file.items() if getattr(arguments, option) is not None
    }
    if given and task["name"] not in ("file", "mmr1"):
        raise ArgumentError("--" + next(iter(given)).replace("_", "-"), "be left out: it is for files", arguments.data)
    if arguments.split is not None and Path(task.get("source", "")).suffix in (".jsonl", ".ndjson"):
        raise ArgumentError("--split", "be left out: a file of JSON lines has no parts", arguments.split)
    table: dict[str, Any] = {"task": {**task, **given}, **({"adaptive": True} if arguments.adaptive else {})}
    table |= {key: getattr(arguments, key) for key in _DIRECT if getattr(arguments, key) is not None}
    server = {key: getattr(arguments, key) for key in _ENDPOINT if getattr(arguments, key) is not None}
    if arguments.endpoint is not None:
        table["endpoint"] = {"url": arguments.endpoint, **server}
        if arguments.model is None:
            raise ArgumentError("--model", "be given: what the endpoint calls its model", None)
        if arguments.seed is not None:
            raise ArgumentError("--seed", "be left out: an endpoint draws by itself", arguments.seed)
    elif server:
        raise ArgumentError(
            "--" + next(iter(server)).replace("_", "-"), "come with --endpoint", next(iter(server.values()))
        )
    if arguments.model is not None:
        table["model"] = {"name": arguments.model}
    for key, value in parse_assignments(arguments.set).items():
        if _says(table, key):
            raise ArgumentError("--set", "not say again what an argument says", f"{key}={value}")
        assign(table, key, value)
    return checked(ScoreConfig, table, "command line")


def _says(table: Any, key: str) -> bool:
    """Say whether nested tables have a value at a key with dots."""
    for name in key.split("."):
        if not isinstance(table, dict) or name not in table:
            return False
        table = table[name]
    return True


def _answerer(config: ScoreConfig) -> Answerer:
    from full_scale.answering import Endpoint, model_answerer

    common: dict[str, Any] = {"temperature": config.temperature, "max_new_tokens": config.max_new_tokens}
    if config.endpoint is not None:
        options = {name: getattr(config.endpoint, name) for name in _ENDPOINT}
        style = config.style or "evaluation"
        return Endpoint(config.endpoint.url, config.model.name, style=style, **common, **options)
    for module in ("torch", "transformers", "safetensors", "gguf"):
        require(module, "full-scale")
    return model_answerer(config.model, style=config.style, seed=config.seed, **common)


def _run(arguments: argparse.Namespace) -> int:
    from full_scale.answering import Journal
    from full_scale.scoring.data import load_rows
    from full_scale.scoring.summary import summary

    config = _config(arguments)
    if arguments.training_rollouts is not None and arguments.training_rollouts < 1:
        raise ArgumentError("--training-rollouts", "be at least 1", arguments.training_rollouts)
    output = check_output_file(arguments.output)
    scored = load_rows(config.task, config.limit)
    scored.check(output, config.column)
    journal_file = journal_path(output)
    if output.exists() and not journal_file.exists():
        raise ArgumentError("--output", f"be a new file: there is no {journal_file.name} beside it", str(output))
    started = time.monotonic()
    answerer = _answerer(config)
    report = _reporter(started)
    report(f"{len(scored.prompts):,} prompts, style {answerer.settings['style']}")
    with Journal(journal_file, answerer.settings) as journal:
        answers = _collect(answerer, scored, config, journal, report)
        ledger = journal.ledger
    scored.write(output, config.column, answers)
    print(summary(scored, answers, ledger, config, arguments.training_rollouts))
    print(f"{output}: {len(scored.prompts):,} rows; answers are kept in {journal_file.name}")
    missing = sum(answers[prompt.key].trials == 0 for prompt in scored.prompts)
    if missing:
        print(
            f"{missing:,} prompts could not be answered and have no pass rate; run the same command to try them again"
        )
    return 1 if missing else 0


def _reporter(started: float) -> Callable[[str], None]:
    """Return a report that is printed at most every two seconds, and at once for other words than counts."""
    last = [0.0]

    def report(line: str) -> None:
        now = time.monotonic()
        if now - last[0] < 2.0 and " answers; of the last" in line:
            return
        last[0] = now
        minutes, seconds = divmod(int(now - started), 60)
        print(f"[{minutes:3d}:{seconds:02d}] {line}", flush=True)

    return report


def _collect(
    answerer: Answerer, scored: Scored, config: ScoreConfig, journal: Journal, report: Callable[[str], None]
) -> Mapping[str, Answers]:
    from full_scale.answering import AnsweringStopped, collect

    try:
        if not config.adaptive:
            return collect(answerer, scored.prompts, config.rollouts, journal, report)
        return _adaptively(answerer, scored, config, journal, report)
    except AnsweringStopped as error:
        kept = journal.ledger.answers
        raise AnsweringStopped(f"{error}; {kept:,} answers are kept, and the same command goes on from them") from None


def _adaptively(
    answerer: Answerer, scored: Scored, config: ScoreConfig, journal: Journal, report: Callable[[str], None]
) -> Mapping[str, Answers]:
    import numpy as np

    from full_scale.answering import collect
    from full_scale.scoring.adaptive import next_totals, stages

    first, *more = stages(config.rollouts)
    found = collect(answerer, scored.prompts, first, journal, report)
    for total in more:
        counts = [(found[prompt.key].successes, found[prompt.key].trials) for prompt in scored.prompts]
        successes, trials = np.array(counts).T
        if not trials.any():
            break
        totals = next_totals(successes, trials, config.group_size, total)
        report(f"{int((totals > trials).sum()):,} prompts go on to {total} answers")
        found = collect(answerer, scored.prompts, totals.tolist(), journal, report)
    return found
