"""Where this code is: in a checkout of the repository, or installed from a wheel."""

from __future__ import annotations

from pathlib import Path

__all__ = ["NAME", "SOURCES", "checkout", "install_command", "where_tables_are", "working_root"]

__neutral__ = "where outputs go and how missing packages are told"

NAME = "variance-aware-sampling"
SOURCES = Path(__file__).resolve().parents[2]
"""The folder of the four packages."""


def checkout() -> Path | None:
    """Return the root of the checkout that this code runs from; None where it was installed from a wheel."""
    return SOURCES if (SOURCES / "pyproject.toml").is_file() and (SOURCES / "constraints.txt").is_file() else None


def working_root() -> Path:
    """Return the folder under which results are kept: the checkout, else the current folder, never that of a wheel."""
    return checkout() or Path.cwd()


def install_command(extra: str) -> str:
    """Return the command that installs an extra where the user is."""
    if checkout() is None:
        return f"pip install '{NAME}[{extra}]'"
    return f"pip install -c constraints.txt -e '.[{extra}]'"


def where_tables_are() -> str:
    """Return, for the end of a message, where the tables of the paper size are if they did not come with this code."""
    if checkout() is not None:
        return ""
    fetch = f"pip download --no-deps --no-binary :all: {NAME}"
    return f"; the wheel is without the tables of the paper size: unpack the source distribution here ({fetch})"
