"""Whether results can be written where they are asked for, found out before they are computed."""

from __future__ import annotations

import tempfile
from pathlib import Path

from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.installation import checkout

__all__ = ["check_output_file", "check_output_folder", "require_checkout", "without_tilde"]

_PROBE = b"\0" * 65536


def check_output_folder(path: Path | str, argument: str = "--output") -> Path:
    """Return the folder after trying to write where it is, or where it will be made; nothing is left behind.

    Raises:
        ArgumentError: it is a file or leads through one, a link to nothing, read-only, or on a full disk.
    """
    folder = without_tilde(path, argument)
    for part in (folder, *folder.parents):
        if part.is_symlink() and not part.exists():
            raise ArgumentError(argument, f"be a folder: {part} is a link to nothing", str(path))
        if not part.exists():
            continue
        if not part.is_dir():
            raise ArgumentError(argument, f"be a folder: {part} is a file", str(path))
        try:
            with tempfile.TemporaryFile(dir=part) as stream:
                stream.write(_PROBE)
        except OSError as error:
            raise ArgumentError(argument, f"be a folder to write to: {part}: {error.strerror}", str(path)) from None
        break
    return folder


def check_output_file(path: Path | str, argument: str = "--output") -> Path:
    """Return the file after the same trial in its folder.

    Raises:
        ArgumentError: it is a folder, a link to nothing, a device or a pipe, or nothing can be written beside it.
    """
    file = without_tilde(path, argument)
    if file.is_dir() or (file.is_symlink() and not file.exists()):
        kind = "a folder" if file.is_dir() else "a link to nothing"
        raise ArgumentError(argument, f"be a file: {file} is {kind}", str(path))
    # a result takes the place of what it is written to: of a device, a pipe, or the link /dev/stdout
    if (file.exists() and not file.is_file()) or file.absolute().parent == Path("/dev"):
        raise ArgumentError(argument, f"be a file: {file} is a device or a pipe", str(path))
    check_output_folder(file.parent, argument)
    return file


def without_tilde(path: Path | str, argument: str = "--output") -> Path:
    """Return a path with the folder of its user in the place of a tilde.

    Raises:
        ArgumentError: there is no such user.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise ArgumentError(argument, f"begin with a user's folder that is known ({error})", str(path)) from None


def require_checkout(option: str) -> None:
    """Refuse what renews files of the repository where there is none.

    Raises:
        ArgumentError: the code was installed from a wheel.
    """
    if checkout() is None:
        raise ArgumentError(option, "be used in a checkout of the repository, whose files it renews", "a wheel")
