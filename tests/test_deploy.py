"""What is delivered for running Planward: the unit is hardened, the image and the services are as the manual says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from config.settings import HttpSettings

DEPLOY = Path(__file__).parent.parent / "deploy"
UNIT = (DEPLOY / "planward.service").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def test_the_unit_is_hardened() -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")

    scored = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=15", str(DEPLOY / "planward.service")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert scored.returncode == 0, scored.stdout[-200:]


def test_the_unit_stops_watches_and_restarts_as_the_service_expects() -> None:
    from core.daemon.health import SILENCE
    from core.daemon.stopping import PATIENCE
    from core.errors import ConfigurationError

    assert int(re.findall(r"(?m)^TimeoutStopSec=(\d+)$", UNIT)[0]) > PATIENCE
    assert int(re.findall(r"(?m)^WatchdogSec=(\d+)$", UNIT)[0]) >= SILENCE.total_seconds()
    assert f"\nRestartPreventExitStatus={ConfigurationError.exit_code}\n" in UNIT
    assert "\nType=notify\n" in UNIT


def test_a_wrong_configuration_ends_the_service_and_not_only_what_runs_before_it() -> None:
    # Systemd looks at the exit code of the service alone when it decides whether to start it again.
    assert "\nExecStartPre=-/opt/planward/env/bin/planward db upgrade\n" in UNIT


def test_a_command_beside_the_service_gets_its_account_secrets_and_environment(tmp_path: Path) -> None:
    # What systemd would be asked for, told by two programs that stand in its place.
    programs = {
        "systemctl": f"cat {DEPLOY / 'planward.service'}; echo 'LoadCredential=store:/etc/planward/secrets/store'",
        "systemd-run": 'printf "%s\\n" "$@"',
    }
    for name, does in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)

    asked = subprocess.run(
        ["sh", str(DEPLOY / "planward.sh"), "kpi", "--period", "2026 03"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()

    assert asked[-4:] == ["/opt/planward/env/bin/planward", "kpi", "--period", "2026 03"]
    assert {
        "--property=DynamicUser=yes",
        "--property=User=planward",  # what systemd calls the account of planward.service
        "--property=StateDirectory=planward",
        "--property=StateDirectoryMode=0700",
        "--property=LoadCredential=jira-token:/etc/planward/secrets/jira-token",
        "--property=LoadCredential=store:/etc/planward/secrets/store",
        "--property=Environment=PLANWARD_CONFIG=/etc/planward/planward.yaml PYTHONDONTWRITEBYTECODE=1",
        "--property=EnvironmentFile=-/etc/planward/environment",
    } <= set(asked)


def test_the_database_is_well_only_when_others_can_reach_it() -> None:
    # While its data is made, the image's server listens on a socket file alone.
    assert COMPOSE["services"]["database"]["healthcheck"]["test"][:4] == ["CMD", "pg_isready", "-h", "127.0.0.1"]


@pytest.mark.parametrize("name", ["planward", "upgrade", "demo"])
def test_no_container_of_ours_can_change_itself(name: str) -> None:
    service = COMPOSE["services"][name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "ports" not in service


def test_every_secret_of_a_service_is_declared() -> None:
    used = {secret for service in COMPOSE["services"].values() for secret in service.get("secrets", ())}

    assert used == set(COMPOSE["secrets"])


def test_the_image_is_made_from_the_lock_and_runs_as_nobody_special() -> None:
    final = DOCKERFILE.rpartition("\nFROM ")[2]

    assert DOCKERFILE.count("pip install") == DOCKERFILE.count("--require-hashes") + DOCKERFILE.count("--no-deps") == 3
    assert "groupadd --gid 10001 planward" in final
    assert "useradd --uid 10001 --gid 10001 " in final
    assert "\nUSER 10001:10001\n" in final
    assert f"http://{HttpSettings().listen}/healthz" in final


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    copied = [words for line in re.findall(r"(?m)^COPY (?!--from)(.+)$", DOCKERFILE) for words in line.split()[:-1]]

    assert copied
    for name in copied:
        assert (DEPLOY.parent / name).exists()
        assert f"!{name}" in ignored


def test_what_the_manual_installs_is_there() -> None:
    manual = (DEPLOY / "OPERATIONS.md").read_text(encoding="utf-8")
    installed = re.findall(r"(?m)^install -m \d+ (deploy/\S+) ", manual)

    assert installed == ["deploy/OPERATIONS.md", "deploy/planward.sh", "deploy/planward.service"]
    assert all((DEPLOY.parent / name).exists() for name in installed)


def test_the_manual_names_metrics_and_pages_that_there_are() -> None:
    manual = (DEPLOY / "OPERATIONS.md").read_text(encoding="utf-8")
    code = "".join(
        (DEPLOY.parent / "core/daemon" / name).read_text(encoding="utf-8") for name in ("metrics.py", "serving.py")
    )

    for metric in set(re.findall(r"planward_([a-z_]+[a-z])", manual)):
        assert metric.removesuffix("_total").removeprefix("source_") in code, metric
    assert all(page in manual for page in ("/healthz", "/readyz", "/metrics"))
