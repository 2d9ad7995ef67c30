"""Writing a page so that nobody ever reads half of it."""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import PlanwardError


def write(folder: Path, name: str, text: str) -> Path:
    """The file with this text in the folder, which is made where it is missing.

    It is written beside its place and then moved there, so that a reader has the old page or the new one. Raises
    PlanwardError where it cannot be written.
    """
    path = folder / name
    partial = folder / f".{name}.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise PlanwardError(
            f"{path} cannot be written: {error.strerror}", advice="Choose another folder, or make room in this one."
        ) from error
    return path
