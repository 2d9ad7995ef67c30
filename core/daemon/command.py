"""The command line. Each command reads the configuration, does one thing, and says what came of it.

What a command needs is imported when it runs: `planward --help` must not pay for a database driver.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from core import __version__
from core.daemon.terminal import LogFormat
from core.errors import PlanwardError, UsageError

app = typer.Typer(
    name="planward",
    help="Holds what happened in your trackers against the project plan, measures it, and writes the status back.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its tracebacks would print local variables, and with them secrets
    context_settings={"help_option_names": ["-h", "--help"]},
)
config_app = typer.Typer(help="Look at the configuration.", no_args_is_help=True)
plan_app = typer.Typer(help="Look at the plan, and sign it off.", no_args_is_help=True)
db_app = typer.Typer(help="Look after the database.", no_args_is_help=True)
app.add_typer(config_app, name="config")
app.add_typer(plan_app, name="plan")
app.add_typer(db_app, name="db")

ConfigOption = Annotated[
    Path,
    typer.Option(
        "-c", "--config", metavar="FILE", help="The configuration file.", envvar="PLANWARD_CONFIG", readable=False
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for other programs instead of tables.")]
ProjectOption = Annotated[str | None, typer.Option("--project", metavar="P", help="Only this project.")]
DEFAULT_CONFIG = Path("planward.yaml")
WRONG_USAGE: Any = typer.BadParameter.__base__  # what every kind of wrong usage is; typer has no name for it


def main() -> NoReturn:
    """Run a command and leave with its exit code: 0 done, 1 failed and said so, 2 wrong usage, 78 configuration."""
    from core.daemon.complaint import give_up
    from core.daemon.terminal import prepare_streams

    prepare_streams()
    # Asked of the words themselves: a command that was called wrongly never gets to know its options.
    as_json = "--json" in sys.argv[1:]
    try:
        # Left to itself, typer frames wrong usage for people and leaves.
        code = app(standalone_mode=not as_json)
    except PlanwardError as error:
        code = give_up(error, as_json=as_json)
    except WRONG_USAGE as error:
        code = give_up(UsageError(error.format_message()), as_json=as_json)
    sys.exit(code or 0)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"planward {__version__}")
        raise typer.Exit


@app.callback()
def planward(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options that come before the command."""


@app.command()
def check(
    config: ConfigOption = DEFAULT_CONFIG,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask every source who we are there, and look at where we write.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Say whether the configuration, the plans, the store and (with --online) the accounts are right."""
    from core.daemon import checking

    leave(checking.check(config, online=online, as_json=json))


@app.command()
def sync(
    config: ConfigOption = DEFAULT_CONFIG,
    source: Annotated[list[str] | None, typer.Option("--source", metavar="ID", help="Only this source.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything again, not only what changed.")] = False,
    json: JsonOption = False,
) -> None:
    """Run one cycle: pull what changed, hold it against the plan, measure, and write back."""
    from core.daemon import cycling

    leave(cycling.sync(config, only=source or [], full=full, as_json=json))


@app.command()
def run(
    config: ConfigOption = DEFAULT_CONFIG,
    log_format: Annotated[
        LogFormat,
        typer.Option("--log-format", help="How the log on stderr is written: to be read, or by lines of JSON."),
    ] = LogFormat.TEXT,
) -> None:
    """Run as a service: read each source whenever it is due, until SIGTERM. SIGHUP reads the configuration anew."""
    from core.daemon import running

    leave(running.run(config, log_format=log_format))


@app.command()
def status(config: ConfigOption = DEFAULT_CONFIG, json: JsonOption = False) -> None:
    """Show how fresh each source is, what stands in the store, and what was written back."""
    from core.daemon import showing

    leave(showing.status(config, as_json=json))


@app.command()
def kpi(
    config: ConfigOption = DEFAULT_CONFIG,
    project: ProjectOption = None,
    period: Annotated[
        str | None,
        typer.Option("--period", metavar="P", help="2026-03, 2026-W10 or 2026-Q1; default: the present one."),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help="As it was at the end of that day, such as 2026-03-31."),
    ] = None,
    evidence: Annotated[
        str | None,
        typer.Option("--evidence", metavar="KPI", help="Also list the items that this number was counted from."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show the KPIs with value, target and sample."""
    from core.daemon import numbers

    leave(numbers.show(config, project=project, period=period, as_of=as_of, evidence=evidence, as_json=json))


@app.command()
def findings(config: ConfigOption = DEFAULT_CONFIG, project: ProjectOption = None, json: JsonOption = False) -> None:
    """List what a person should know, the most pressing first."""
    from core.daemon import showing

    leave(showing.findings(config, project=project, as_json=json))


@app.command()
def publish(
    config: ConfigOption = DEFAULT_CONFIG,
    project: ProjectOption = None,
    diff: Annotated[bool, typer.Option("--diff", help="Show what would change; send nothing.")] = False,
    send: Annotated[bool, typer.Option("--send", help="Send, also while `write_back` is `preview`.")] = False,
    unmute: Annotated[
        bool,
        typer.Option(
            "--unmute",
            help="Send, also where a person edited our comment (it is written over) or deleted it (it is posted anew).",
        ),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Bring what stands at the trackers up to date with the stored numbers."""
    if diff + send + unmute > 1:
        raise typer.BadParameter("choose one of --diff, --send and --unmute")
    from core.daemon import cycling

    leave(cycling.publish(config, project=project, diff=diff, send=send, unmute=unmute, as_json=json))


@app.command()
def dashboard(
    config: ConfigOption = DEFAULT_CONFIG,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="DIR", help="Write the pages into this folder.")
    ] = None,
    serve: Annotated[bool, typer.Option("--serve", help="Serve the pages, each made anew, until stopped.")] = False,
    listen: Annotated[
        str | None,
        typer.Option("--listen", metavar="HOST:PORT", help="Where to serve them; default: 127.0.0.1:8080."),
    ] = None,
    project: ProjectOption = None,
    json: JsonOption = False,
) -> None:
    """Write or serve one web page a project, and one that leads to them."""
    if (out is None) is not serve:
        raise typer.BadParameter("choose one of -o DIR and --serve")
    if listen is not None and not serve:
        raise typer.BadParameter("--listen goes with --serve")
    from core.daemon import pages

    if out is not None:
        leave(pages.write(config, out, project=project, as_json=json))
    else:
        leave(pages.serve(config, project=project, listen=listen or pages.LISTEN))


@plan_app.command("show")
def plan_show(config: ConfigOption = DEFAULT_CONFIG, project: ProjectOption = None, json: JsonOption = False) -> None:
    """Show the plan's milestones and deliverables with what is known of each."""
    from core.daemon import planning

    leave(planning.show(config, project=project, as_json=json))


@plan_app.command("approve")
def plan_approve(
    by: Annotated[
        str, typer.Option("--by", metavar="WHO", help="Who approved it: the e-mail or name of one of `people`.")
    ],
    config: ConfigOption = DEFAULT_CONFIG,
    project: ProjectOption = None,
    why: Annotated[
        str | None, typer.Option("--why", help="The occasion or reason, such as the minutes' number.")
    ] = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="The day of the approval; default: now.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Record that the plan as it stands was approved: its dates become the committed ones."""
    from core.daemon import planning

    leave(planning.approve(config, project=project, by=by, why=why, on=on, as_json=json))


@plan_app.command("diff")
def plan_diff(config: ConfigOption = DEFAULT_CONFIG, project: ProjectOption = None, json: JsonOption = False) -> None:
    """Show how the plan file differs from the approved baseline."""
    from core.daemon import planning

    leave(planning.diff(config, project=project, as_json=json))


@db_app.command("upgrade")
def db_upgrade(config: ConfigOption = DEFAULT_CONFIG, json: JsonOption = False) -> None:
    """Create the database, or bring its schema up to this version. An SQLite file is copied before."""
    from core.daemon import database

    leave(database.upgrade(config, as_json=json))


@db_app.command("backup")
def db_backup(
    to: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write the copy; must not exist yet.")],
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """Copy the SQLite database while it is in use. PostgreSQL has `pg_dump` for this."""
    from core.daemon import database

    leave(database.backup(config, to, as_json=json))


@db_app.command("check")
def db_check(config: ConfigOption = DEFAULT_CONFIG, json: JsonOption = False) -> None:
    """Say whether the database is whole and what is stored in it fits together. Reads everything."""
    from core.daemon import database

    leave(database.check(config, as_json=json))


@db_app.command("info")
def db_info(config: ConfigOption = DEFAULT_CONFIG, json: JsonOption = False) -> None:
    """Show the database's address, schema version and size."""
    from core.daemon import database

    leave(database.info(config, as_json=json))


@config_app.command("schema")
def config_schema(
    _config: ConfigOption = DEFAULT_CONFIG,  # every command takes it; the schema is the same for all files
    plan: Annotated[bool, typer.Option("--plan", help="The schema of plan files instead.")] = False,
) -> None:
    """Print the JSON Schema of the configuration file, for editors."""
    import json

    from config.load import json_schema, plan_schema
    from core.daemon.terminal import write

    write(json.dumps(plan_schema() if plan else json_schema(), indent=2, ensure_ascii=False) + "\n")


@config_app.command("show")
def config_show(config: ConfigOption = DEFAULT_CONFIG, json: JsonOption = False) -> None:
    """Print the configuration in force: defaults filled in, secrets masked."""
    from config.load import load, shown, shown_values
    from core.daemon.terminal import print_json, write

    settings = load(config)
    if json:
        print_json(shown_values(settings))
    else:
        write(shown(settings))


def leave(code: int) -> None:
    """End the command with this exit code."""
    if code:
        raise typer.Exit(code)


if __name__ == "__main__":
    main()
