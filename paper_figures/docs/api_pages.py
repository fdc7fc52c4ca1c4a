"""One page a public module, written before Sphinx reads its sources, so that a new module cannot be forgotten.

Public are modules without an underscore, apart from command lines, the modules of single claims (the theory page
shows those) and this folder. The pages lie in ``api/``, which git ignores.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from paper_figures.docs.docstrings import escape_prose
from paper_figures.drawing.declaration import ROOT

__all__ = ["ROOMS", "home_of", "own_constants", "public_modules", "public_names", "setup", "write_pages"]

ROOMS = ("vas_theory", "simulations", "full_scale", "paper_figures")
"""The packages that have API pages."""

_ROLE = re.compile(r":(?:py:)?(?:func|class|meth|mod|attr|obj|data|exc):`~?(?:[\w.]+\.)?(\w+)(?: <[^`]*>)?`")
_START = {
    "vas_theory": (
        "vas_theory.selection.sampler.variance_aware.VarianceAwareSampler",
        "vas_theory.claims.lib.base.Claim",
        "vas_theory.audit.audit",
    ),
    "simulations": ("simulations.frames.run", "simulations.networks.world.World"),
    "full_scale": (
        "full_scale.trl_adapter.trainer.VASGRPOTrainer",
        "full_scale.trl_adapter.config.VASConfig",
        "full_scale.plugins.interface.PromptSelector",
        "full_scale.logs.finding.read_run",
    ),
    "paper_figures": ("paper_figures.canvases.figure", "paper_figures.canvases.numbers"),
}
"""What people come for, where it is documented."""

_HIDDEN = re.compile(r"(^|\.)(_\w*|docs)(\.|$)|^vas_theory\.claims\.[abcl]\d\d_")


def _file(module: str) -> Path:
    base = ROOT.joinpath(*module.split("."))
    return base / "__init__.py" if base.is_dir() else base.with_suffix(".py")


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_file(module).read_text(encoding="utf-8"))


def public_modules(room: str) -> list[str]:
    """Return the import paths of a room's public modules, the room itself first."""
    paths = (path.relative_to(ROOT).with_suffix("").parts for path in (ROOT / room).rglob("*.py"))
    names = {".".join(parts[:-1] if parts[-1] == "__init__" else parts) for parts in paths}
    return sorted(name for name in names if not _HIDDEN.search(name))


@cache
def _all_modules() -> set[str]:
    return {module for room in ROOMS for module in public_modules(room)}


def public_names(module: str) -> list[str]:
    """Return a module's ``__all__``, empty where it has none."""
    return list(getattr(importlib.import_module(module), "__all__", ()))


def own_constants(module: str) -> dict[str, bool]:
    """Return the public names that a module assigns itself (constants, aliases) and whether a docstring follows."""
    constants: dict[str, bool] = {}
    public = set(public_names(module))
    body = _tree(module).body
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            described = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            constants |= {t.id: described for t in targets if isinstance(t, ast.Name) and t.id in public}
    return constants


def home_of(module: str, name: str) -> str:
    """Return the full name under which a public name is documented: that of the module which defines it."""
    if name in own_constants(module):
        return f"{module}.{name}"
    found = getattr(importlib.import_module(module), name)
    if (inspect.isclass(found) or inspect.isfunction(found)) and not _HIDDEN.search(found.__module__):
        return f"{found.__module__}.{found.__qualname__}"
    for node in _tree(module).body:  # a constant from elsewhere
        if isinstance(node, ast.ImportFrom) and node.module and name in {alias.name for alias in node.names}:
            ours = node.module.startswith(ROOMS) and not _HIDDEN.search(node.module)
            return home_of(node.module, name) if ours else f"{module}.{name}"
    return f"{module}.{name}"


def _page(module: str) -> str:
    names = {name: home_of(module, name) for name in public_names(module)}
    constants = own_constants(module)
    own = [name for name, home in names.items() if home == f"{module}.{name}" and name not in constants]
    # a package's page opens with what people came for, each name a link to where it is documented
    elsewhere = {name: home for name, home in names.items() if home != f"{module}.{name}"}
    lines = [module, "=" * len(module), "", *_names(elsewhere), f".. automodule:: {module}"]
    lines += [f"   :members: {', '.join(own)}"] if own else []
    for name, described in constants.items():
        # without a docstring autodoc would show that of the value's type
        if described:
            lines += ["", f".. autodata:: {module}.{name}", "   :no-value:"]
        else:
            lines += ["", f".. py:data:: {name}", f"   :module: {module}"]
    inside = [other for other in sorted(_all_modules()) if other.rpartition(".")[0] == module]
    if inside and module not in ROOMS:  # a room has a list of its own
        lines += ["", "Modules:", "", *_modules(inside)]
    return "\n".join(lines) + "\n"


def _modules(modules: list[str]) -> list[str]:
    """Return a list of modules that leads to their pages, each with the first paragraph of its docstring."""
    lines = []
    for module in modules:
        summary = (ast.get_docstring(_tree(module)) or "").split("\n\n")[0].replace("\n", " ")
        head = [f".. currentmodule:: {module}", "", f":doc:`{module} <{module}>`"]
        lines += [*head, f"   {escape_prose([summary])[0]}", ""]
    return lines


def _names(homes: Mapping[str, str]) -> list[str]:
    """Return a list of names that lead to their documentation: what people come for, classes, then the others."""
    found = {name: _object(home) for name, home in homes.items()}
    start = {home for homes_of_room in _START.values() for home in homes_of_room}
    lines = []
    for name in sorted(found, key=lambda name: (homes[name] not in start, not inspect.isclass(found[name]))):
        said = inspect.getdoc(found[name]) if callable(found[name]) else ""
        first = (said or "").split("\n\n")[0].replace("\n", " ")
        # a reference within a docstring is to be read from its own module, which this list is not
        summary = escape_prose([_ROLE.sub(r"``\1``", first)])[0]
        lines.append(f"* :py:obj:`{name} <{homes[name]}>`" + (f": {summary}" if summary else ""))
    return [*lines, ""] if lines else []


def _object(home: str) -> Any:
    module, _, name = home.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _room_page(room: str, modules: list[str]) -> str:
    lines = [room, "=" * len(room), "", "Start here:", ""]
    lines += [*_names({home.rpartition(".")[2]: home for home in _START[room]}), "All modules:", "", *_modules(modules)]
    return "\n".join([*lines, ".. toctree::", "   :hidden:", "", *(f"   {module}" for module in modules), ""])


def write_pages(folder: Path) -> None:
    """Write every page that is new or differs, and remove those of modules that are gone.

    Args:
        folder: where to; nothing else may lie in it.
    """
    pages: dict[Path, str] = {}
    for room in ROOMS:
        modules = public_modules(room)
        pages[folder / room / "index.rst"] = _room_page(room, modules)
        pages |= {folder / room / f"{module}.rst": _page(module) for module in modules}
    for old in set(folder.rglob("*.rst")) - set(pages):
        old.unlink()
    for path, text in pages.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:  # an untouched page is not read again
            path.write_text(text, encoding="utf-8")


def _resolve(app: Any, env: Any, node: Any, content: Any) -> Any:
    """Lead a reference by an imported name to where the name is documented.

    Types in signatures that belong to other projects, or to no page, stay plain text; roles in prose must lead
    somewhere.
    """
    if node.get("refdomain") != "py":
        return None
    target, module = node["reftarget"], node.get("py:module")
    if "." in target:
        module, target = target.rsplit(".", 1)
    if module in _all_modules() and hasattr(importlib.import_module(module), target):
        home = home_of(module, target)
        found = env.domains["py"].resolve_xref(env, node["refdoc"], app.builder, "obj", home, node, content)
        if found is not None:
            return found
    return None if "refexplicit" in node else content


def setup(app: Any) -> dict[str, bool]:
    """Write the pages when Sphinx starts, and find names by any module that offers them."""
    app.connect("builder-inited", lambda app: write_pages(Path(app.srcdir) / "api"))
    app.connect("missing-reference", _resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
