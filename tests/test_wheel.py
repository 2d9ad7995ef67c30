"""The wheel that users install: it holds three packages, owns their names, and runs from anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NAMES = ("config", "connectors", "core")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # Built in this environment: its build tools are locked, and nothing is fetched.
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    return next(folder.glob("planward-*.whl"))


def test_the_wheel_holds_the_three_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    tops = {name.split("/")[0] for name in names}

    assert {top for top in tops if not top.endswith(".dist-info")} == set(NAMES)
    assert "config/examples/planward.yaml" in names
    assert "core/dashboard/templates/style.css" in names
    assert any(name.startswith("core/store/migrations/versions/0001") for name in names)


def test_the_wheel_runs_in_a_fresh_environment_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env/bin/python"
    site = next((tmp_path / "env/lib").glob("python*/site-packages"))
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
            "--target",
            str(site),
            str(wheel),
        ],
        check=True,
    )
    # What Planward needs comes from the locked environment of these tests; only Planward itself is fresh.
    needed = next(path for path in sys.path if path.endswith("site-packages"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    answer = subprocess.run(
        [
            str(python),
            "-c",
            f"import sys; sys.path.append({needed!r}); from core.daemon.command import main; main()",
            "--version",
        ],
        cwd=elsewhere,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("planward ")


def test_nobody_else_owns_our_names() -> None:
    site = Path(next(path for path in sys.path if path.endswith("site-packages")))

    records = [record for record in site.glob("*.dist-info/RECORD") if not record.parent.name.startswith("planward-")]
    owners = [
        record.parent.name
        for record in records
        if {line.split("/")[0] for line in record.read_text(encoding="utf-8").splitlines()} & set(NAMES)
    ]

    assert not owners
