"""What Rocq said of every theorem: statement, the definitions it uses, axioms; written, read, compared."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vas_theory.foundation.errors import DataError
from vas_theory.proofs import rocq

__all__ = [
    "ALLOWED_AXIOMS",
    "RECORD",
    "Record",
    "Theorem",
    "ask",
    "differences",
    "read",
    "unsound",
    "write",
]

RECORD = rocq.SOURCES / "statements.txt"

ALLOWED_AXIOMS = frozenset(
    {
        "ClassicalDedekindReals.sig_forall_dec",
        "ClassicalDedekindReals.sig_not_dec",
        "FunctionalExtensionality.functional_extensionality_dep",
        "Classical_Prop.classic",
    }
)
"""Axioms of Rocq's standard real numbers (``classic`` comes with Coquelicot)."""

_NAME = re.compile(r"\b([A-Z]\w*)\.([A-Za-z_][\w']*)")
_THEOREM = re.compile(r"^\s*(?:Theorem|Corollary)\s+([\w']+)", re.M)
_DEFINITION = re.compile(r"^\s*(?:Definition|Fixpoint)\s+([\w']+)", re.M)
_HEADER = """\
What Rocq answers for every theorem of this folder. Written by `python -m vas_theory proofs --record`; `make proofs`
compiles the proofs and compares. The hash covers the statement and every definition that it uses.
"""


@dataclass(frozen=True)
class Theorem:
    """One theorem as Rocq prints it.

    Args:
        name: ``Module.name``.
        statement: its type.
        hash: SHA-256 of the statement and the definitions that it uses, directly or through others.
    """

    name: str
    statement: str
    hash: str


@dataclass(frozen=True)
class Record:
    """What Rocq answers.

    Args:
        version: Rocq's.
        axioms: what the theorems together rest on, sorted.
        sources: SHA-256 of every source, by module.
        theorems: by name.
        definitions: printed body of those that statements use, by name.
    """

    version: str
    axioms: tuple[str, ...]
    sources: Mapping[str, str]
    theorems: Mapping[str, Theorem]
    definitions: Mapping[str, str]


def source_hashes(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the SHA-256 of the text of every module."""
    return {module: hashlib.sha256(text.encode()).hexdigest() for module, text in sorted(texts.items())}


def unsound(found: Record, texts: Mapping[str, str]) -> list[str]:
    """Return, one line each, what makes the proofs worth less than they say: added axioms and proofs left out.

    Args:
        found: what Rocq answered.
        texts: the sources by module.
    """
    extra = sorted(set(found.axioms) - ALLOWED_AXIOMS)
    lines = [f"a theorem rests on {', '.join(extra)}, which is no axiom of the standard reals"] if extra else []
    for module, text in sorted(texts.items()):
        bare = text
        while (shorter := re.sub(r"\(\*(?:(?!\(\*|\*\)).)*\*\)", " ", bare, flags=re.S)) != bare:  # comments nest
            bare = shorter
        for word in re.findall(r"\b(?:Admitted|admit|Axioms?|Parameters?|Conjectures?|bypass_check)\b", bare):
            lines.append(f"{module}.v: has the command {word}")
    return lines


def _used(text: str, definitions: Mapping[str, str]) -> list[str]:
    """Return the names of the definitions that a text uses, directly or through others, sorted."""
    found: set[str] = set()
    waiting = [text]
    while waiting:
        for module, name in _NAME.findall(waiting.pop()):
            full = f"{module}.{name}"
            if full in definitions and full not in found:
                found.add(full)
                waiting.append(definitions[full])
    return sorted(found)


def statement_hash(statement: str, definitions: Mapping[str, str]) -> str:
    """Return the SHA-256 of a statement and of the definitions it uses; white space does not count."""
    used = [f"{name} {definitions[name]}" for name in _used(statement, definitions)]
    return hashlib.sha256("\n".join(" ".join(part.split()) for part in (statement, *used)).encode()).hexdigest()


def ask(folder: Path = rocq.BUILD) -> Record:
    """Ask Rocq about every theorem of the compiled proofs."""
    texts = rocq.sources()
    theorems = [f"{module}.{name}" for module, text in texts.items() for name in _THEOREM.findall(text)]
    named = [f"{module}.{name}" for module, text in texts.items() for name in _DEFINITION.findall(text)]
    commands = [(f"statement:{name}", f"Check @{name}.") for name in theorems]
    # of all together: Rocq walks through the library once instead of once a theorem
    together = f"Definition every_theorem := ({', '.join(f'@{name}' for name in theorems)}).\n"
    commands.append(("axioms", f"{together}Print Assumptions every_theorem."))
    commands += [(f"definition:{name}", f"Print {name}.") for name in named]
    answers = rocq.answers(commands, folder)
    definitions = {name: _body(answers[f"definition:{name}"]) for name in named}
    found = {}
    for name in theorems:
        statement = _flush_left(re.sub(r"\A\S+\s*:\s", "", answers[f"statement:{name}"]))
        found[name] = Theorem(name, statement, statement_hash(statement, definitions))
    # each axiom starts a line; its type follows, indented or on the same line
    axioms = set(re.findall(r"^([A-Za-z_][\w'.]*)\s*:", answers["axioms"], flags=re.M)) - {"Axioms"}
    used = set().union(*(_used(theorem.statement, definitions) for theorem in found.values()))
    shown = {name: definitions[name] for name in sorted(used)}
    return Record(rocq.version(), tuple(sorted(axioms)), source_hashes(texts), found, shown)


def _body(printed: str) -> str:
    """Return what follows the name and ``=``, without the type and the notes on implicit arguments."""
    body = re.sub(r"\n+Arguments .*\Z", "", printed, flags=re.S)
    return _flush_left(re.sub(r"\n +: (?!.*\n +: ).*\Z", "", body, flags=re.S).split("=", 1)[1])


def _flush_left(text: str) -> str:
    """Return a text whose lines after the first are indented by what they need."""
    first, *rest = text.strip().splitlines()
    margin = min((len(line) - len(line.lstrip()) for line in rest), default=0)
    return "\n".join([first, *(line[margin:].rstrip() for line in rest)])


def differences(recorded: Record, found: Record) -> list[str]:
    """Return, one line each, where what Rocq says now is not what the record says."""
    lines = []
    for module in sorted({*recorded.sources, *found.sources}):
        if recorded.sources.get(module) != found.sources.get(module):
            lines.append(f"{module}.v: not the recorded text")
    if recorded.version != found.version:
        lines.append(f"recorded with Rocq {recorded.version}, asked Rocq {found.version}, which may print differently")
    for name in sorted({*recorded.theorems, *found.theorems}):
        old, new = recorded.theorems.get(name), found.theorems.get(name)
        if old is None or new is None:
            lines.append(f"{name}: {'not in the record' if old is None else 'recorded, but no longer proved'}")
        elif old.hash != new.hash:
            lines.append(f"{name}: the statement or a definition that it uses is not the recorded one")
    if recorded.axioms != found.axioms:
        lines.append(f"the theorems rest on {', '.join(found.axioms)}; recorded: {', '.join(recorded.axioms)}")
    return lines


def _indent(text: str) -> str:
    return "\n".join("    " + line for line in text.splitlines())


def write(record: Record, path: Path = RECORD) -> None:
    """Write the record as the text that a reader compares with the claims."""
    from vas_theory.provenance.tables import atomic_path

    lines = [_HEADER, f"rocq {record.version}", f"axioms {' '.join(record.axioms)}", ""]
    lines += [*(f"source {module} {digest}" for module, digest in record.sources.items()), ""]
    for name, theorem in sorted(record.theorems.items()):
        lines += [f"theorem {name}", f"hash {theorem.hash}", _indent(theorem.statement), ""]
    for name, body in record.definitions.items():
        lines += [f"definition {name}", _indent(body), ""]
    with atomic_path(path) as temporary:
        temporary.write_text("\n".join(lines), encoding="utf-8")


def read(path: Path = RECORD) -> Record:
    """Read the record.

    Raises:
        DataError: the file is missing, or a hash does not fit the statement and the definitions beside it.
    """
    if not path.exists():
        raise DataError(f"the record of formal proofs {path} is missing")
    text = path.read_text(encoding="utf-8")
    version, axioms = re.search(r"^rocq (\S+)$", text, re.M), re.search(r"^axioms (.*)$", text, re.M)
    entries = re.split(r"^(theorem|definition) (\S+)\n", text, flags=re.M)[1:]
    parts = list(zip(entries[::3], entries[1::3], entries[2::3], strict=True))
    definitions = {name: _dedent(body) for kind, name, body in parts if kind == "definition"}
    theorems = {}
    for kind, name, body in parts:
        if kind == "theorem":
            head = re.match(r"hash (\w+)\n", body)
            statement = _dedent(body[head.end() :]) if head else body
            if head is None or head.group(1) != statement_hash(statement, definitions):
                raise DataError(f"the record of formal proofs {path}: the hash of {name} does not fit its statement")
            theorems[name] = Theorem(name, statement, head.group(1))
    if version is None or axioms is None or not theorems:
        raise DataError(f"the record of formal proofs {path} holds no theorem")
    sources = dict(re.findall(r"^source (\S+) (\w+)$", text, re.M))
    return Record(version.group(1), tuple(axioms.group(1).split()), sources, theorems, definitions)


def _dedent(text: str) -> str:
    return "\n".join(line.removeprefix("    ") for line in text.strip("\n").splitlines()).strip()
