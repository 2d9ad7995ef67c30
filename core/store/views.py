"""The SQL views that other programs read: stable names and columns, the same on SQLite and PostgreSQL.

`VIEWS.md` is `describe()` written down; a test keeps it so. The views are made from this one definition whenever the
schema is upgraded, so the steps of an upgrade do not repeat them.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

TEXT = "text"
INSTANT = "instant"
DAY = "date"
INTEGER = "integer"
NUMBER = "number"
YES_NO = "boolean"

PREAMBLE = """\
# The SQL views

Read these with any tool; the base tables beside them may change in any release, these columns do not.

| type | SQLite | PostgreSQL |
|---|---|---|
| text | `TEXT` | `text` |
| instant | `TEXT`, UTC, always like `2026-03-01T09:00:00.000000Z`, so its order is the order of time | `timestamptz` |
| date | `TEXT` like `2026-03-01`, a day without a zone | `date` |
| integer | `INTEGER` | `integer` |
| number | `REAL` | `double precision` |
| boolean | `INTEGER`, 0 or 1 | `boolean` |

Unknown is `NULL`. A person is an account id of the source.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewColumn:
    """A column of a view: its name, type, meaning with its unit, and the base column behind it."""

    name: str
    type: str
    meaning: str
    base: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A view: what a row of it is, the base tables it reads, and its columns."""

    name: str
    row: str
    tables: str
    columns: tuple[ViewColumn, ...]


def _columns(prefix: str, *columns: tuple[str, str, str] | tuple[str, str, str, str]) -> tuple[ViewColumn, ...]:
    return tuple(
        ViewColumn(name=name, type=kind, meaning=meaning, base=base[0] if base else f"{prefix}.{name}")
        for name, kind, meaning, *base in columns
    )


SOURCE = ("source", TEXT, "name of the source in the configuration")
ITEM_KEY = ("key", TEXT, "the item's key now, like `ERP-1` or `acme/erp#12`", "items.key")
CATEGORY = "`todo`, `active`, `waiting`, `done` or `cancelled`; unknown where nobody says what the status means"


def _of_items(table: str) -> str:
    return f"{table} JOIN items ON items.source = {table}.source AND items.remote_id = {table}.item_id"


VIEWS = (
    View(
        name="planward_items",
        row="a work item as it is now; deleted ones too",
        tables="items",
        columns=_columns(
            "items",
            SOURCE,
            ITEM_KEY,
            ("remote_id", TEXT, "the tracker's immutable id, unique within the source"),
            ("url", TEXT, "where people open it"),
            ("kind", TEXT, "`issue` or `pull_request`"),
            ("type", TEXT, "the tracker's own type, like `Bug`"),
            ("title", TEXT, "its title"),
            ("status", TEXT, "the tracker's own status"),
            ("category", TEXT, CATEGORY),
            ("priority", TEXT, "the tracker's own priority"),
            ("assignee", TEXT, "account id of who has it now"),
            ("created_at", INSTANT, "when it was created"),
            ("updated_at", INSTANT, "when the tracker says that anything about it changed last"),
            ("started_at", INSTANT, "first entry into an active status"),
            ("finished_at", INSTANT, "entry into the last done status that was not left again, by its history"),
            ("resolved_at", INSTANT, "when it was resolved, as the tracker says"),
            ("due_on", DAY, "due date in the tracker"),
            ("reopened", INTEGER, "how often it left a done status"),
            ("deleted_at", INSTANT, "when we found that it is gone"),
            ("history_complete", YES_NO, "whether its whole history is known and agrees with its present state"),
        ),
    ),
    View(
        name="planward_changes",
        row="one field of one entry of an item's history",
        tables=_of_items("changes"),
        columns=_columns(
            "changes",
            SOURCE,
            ITEM_KEY,
            ("changed_at", INSTANT, "when"),
            ("author", TEXT, "account id of who changed it"),
            ("field", TEXT, "our word for the field (`status`, `assignee`, `due_on`, ...) or the tracker's own"),
            ("from_value", TEXT, "the value before, as displayed then"),
            ("to_value", TEXT, "the value after, as displayed then"),
        ),
    ),
    View(
        name="planward_spans",
        row="a stretch of an item's life with one status and assignee",
        tables=_of_items("spans"),
        columns=_columns(
            "spans",
            SOURCE,
            ITEM_KEY,
            ("status", TEXT, "the tracker's own status"),
            ("category", TEXT, CATEGORY),
            ("entered_at", INSTANT, "its beginning"),
            ("left_at", INSTANT, "its end, not included; unknown for the present one"),
        ),
    ),
    View(
        name="planward_comments",
        row="a comment that stands on an item; its text stays in the tracker",
        tables=_of_items("comments") + " WHERE comments.deleted_at IS NULL",
        columns=_columns(
            "comments",
            SOURCE,
            ITEM_KEY,
            ("remote_id", TEXT, "the tracker's id of the comment"),
            ("author", TEXT, "account id of who wrote it"),
            ("created_at", INSTANT, "when it was written"),
        ),
    ),
    View(
        name="planward_links",
        row="a relation, read from the item that holds it",
        tables=_of_items("links"),
        columns=_columns(
            "links",
            SOURCE,
            ITEM_KEY,
            ("kind", TEXT, "the relation in the tracker's words, like `blocks`"),
            ("to_source", TEXT, "source of the other end; unknown where a text only names a key"),
            ("to_key", TEXT, "key of the other end, which need not be held here"),
            ("provenance", TEXT, "`native`, `key`, `url` or `guess`: how we know of it"),
        ),
    ),
    View(
        name="planward_events",
        row="one occurrence of a meeting or an absence; those that are gone from their calendar are not shown",
        tables="events WHERE events.deleted_at IS NULL",
        columns=_columns(
            "events",
            SOURCE,
            ("calendar", TEXT, "the calendar within the source"),
            ("uid", TEXT, "the calendar's id of the event, the same for all occurrences of a series"),
            ("title", TEXT, "its title"),
            ("starts_at", INSTANT, "when it begins; of a whole day, in the calendar's zone"),
            ("ends_at", INSTANT, "when it ends"),
            ("all_day", YES_NO, "whether it takes whole days"),
            ("status", TEXT, "`confirmed`, `tentative` or `cancelled`"),
            (
                "recurrence_start",
                TEXT,
                "where its series first put this occurrence, an instant or a day; unknown for what does not repeat",
                "NULLIF(events.recurrence_start, '')",
            ),
        ),
    ),
    View(
        name="planward_milestones",
        row="a milestone of a project's plan or baseline",
        tables="milestones",
        columns=_columns(
            "milestones",
            ("project", TEXT, "id of the project in the configuration"),
            ("key", TEXT, "its id in the plan"),
            ("name", TEXT, "its name"),
            ("baseline_due_on", DAY, "due date in the last approved baseline"),
            ("due_on", DAY, "due date in the present plan; unknown when it was dropped"),
            ("forecast_on", DAY, "when it will be reached, by the forecast"),
            ("finished_at", INSTANT, "when all its deliverables were finished"),
        ),
    ),
    View(
        name="planward_deliverables",
        row="a deliverable of a project's plan or baseline, as it stood when the project was last held",
        tables="deliverables",
        columns=_columns(
            "deliverables",
            ("project", TEXT, "id of the project in the configuration"),
            ("key", TEXT, "its id in the plan"),
            ("name", TEXT, "its name"),
            ("milestone", TEXT, "id of the milestone that it belongs to"),
            ("owner", TEXT, "e-mail address of its owner, as the plan has it"),
            ("baseline_due_on", DAY, "due date in the last approved baseline"),
            ("due_on", DAY, "due date in the present plan; unknown when it was dropped"),
            ("forecast_on", DAY, "when it will be finished, by the forecast"),
            ("items", INTEGER, "units of work in it: no parent beside its sub-tasks, nothing cancelled"),
            ("finished_items", INTEGER, "how many of them are finished"),
            ("finished_at", INSTANT, "when the last of them was finished; unknown too where nobody knows when"),
            (
                "standing",
                TEXT,
                "`open`, `finished`, `cancelled`, `empty` (nothing matches) or `unknown` (the plan names no work)",
            ),
        ),
    ),
    View(
        name="planward_findings",
        row="something that a person should know, from opening to closing; one that returns has a new row",
        tables="findings",
        columns=_columns(
            "findings",
            ("project", TEXT, "id of the project in the configuration"),
            ("kind", TEXT, "`overdue`, `due_soon`, `ghost`, `shadow_work`, ..."),
            ("severity", TEXT, "`info`, `warning` or `critical`"),
            ("subject", TEXT, "what it is about: an item's key or a plan id"),
            ("opened_at", INSTANT, "when we saw it first"),
            ("closed_at", INSTANT, "when it was gone; unknown while it is open"),
            ("detail", TEXT, "one sentence in the configured language"),
        ),
    ),
    View(
        name="planward_measurements",
        row="a KPI of a project in one period, in its latest revision",
        tables=(
            "measurements WHERE NOT EXISTS (SELECT 1 FROM measurements AS later WHERE"
            " later.project = measurements.project AND later.kpi = measurements.kpi"
            " AND later.period_kind = measurements.period_kind"
            " AND later.period_start_on = measurements.period_start_on"
            " AND later.revision > measurements.revision)"
        ),
        columns=_columns(
            "measurements",
            ("project", TEXT, "id of the project in the configuration"),
            ("kpi", TEXT, "id of the KPI"),
            ("period_start", DAY, "first day of the period in the project's zone", "measurements.period_start_on"),
            ("period_end", DAY, "last day of the period in the project's zone", "measurements.period_end_on"),
            ("as_of", INSTANT, "the instant that the number is true for"),
            ("value", NUMBER, "in `unit`; unknown when there is no evidence"),
            ("unit", TEXT, "`share` (0 to 1), `seconds`, `count` or `date`"),
            ("target", NUMBER, "in `unit`"),
            ("met", YES_NO, "whether the target is met"),
            ("numerator", NUMBER, "weight counted for, where the value is a ratio"),
            ("denominator", NUMBER, "weight counted in all, where the value is a ratio"),
            ("sample", INTEGER, "how many things were counted"),
            ("definition", TEXT, "version of the KPI's definition"),
        ),
    ),
    View(
        name="planward_publications",
        row="what should stand at one target about one topic",
        tables="publications",
        columns=_columns(
            "publications",
            ("project", TEXT, "id of the project in the configuration"),
            SOURCE,
            ("target", TEXT, "the item or repository that it stands at"),
            ("topic", TEXT, "what it is about, like `status`"),
            ("state", TEXT, "`preview`, `pending`, `sending`, `unknown`, `sent`, `failed` or `muted`"),
            ("remote_id", TEXT, "the tracker's id of our comment or issue"),
            ("digest", TEXT, "fingerprint of what should stand there"),
            ("sent_at", INSTANT, "when it was last sent"),
        ),
    ),
)


def drop(conn: Connection) -> None:
    """Remove the views, which on SQLite stand in the way of a table being rebuilt."""
    for view in VIEWS:
        conn.exec_driver_sql(f"DROP VIEW IF EXISTS {view.name}")


def create(conn: Connection) -> None:
    """Make the views. On PostgreSQL those that are there are replaced, which keeps who may read them."""
    for view in VIEWS:
        # A driver reads % as a place for a parameter unless it is told that there are none.
        conn.exec_driver_sql(definition(view, conn.dialect.name), execution_options={"no_parameters": True})


def definition(view: View, engine: str) -> str:
    """The statement that makes a view on an engine ("sqlite" or "postgresql")."""
    shown = ",\n  ".join(f"{_shown(column, engine)} AS {column.name}" for column in view.columns)
    verb = "CREATE OR REPLACE VIEW" if engine == "postgresql" else "CREATE VIEW"
    return f"{verb} {view.name} AS SELECT\n  {shown}\nFROM {view.tables}"


def describe() -> str:
    """All views with their columns, types and units, as Markdown."""
    parts = [PREAMBLE]
    for view in VIEWS:
        rows = "\n".join(f"| `{column.name}` | {column.type} | {column.meaning} |" for column in view.columns)
        parts.append(f"## {view.name}\n\nA row is {view.row}.\n\n| column | type | meaning |\n|---|---|---|\n{rows}\n")
    return "\n".join(parts)


def _shown(column: ViewColumn, engine: str) -> str:
    base = column.base
    if engine == "postgresql":
        if column.type == INSTANT:
            # Whole seconds and the rest apart: a double holds both exactly, but not their sum in every century.
            return (
                f"TIMESTAMPTZ 'epoch' + ({base} / 1000000) * INTERVAL '1 second'"
                f" + ({base} % 1000000) * INTERVAL '1 microsecond'"
            )
        return f"{base}::date" if column.type == DAY else base
    if column.type == INSTANT:
        # SQLite divides towards zero; the remainder must be counted from below for times before 1970 too.
        rest = f"(({base} % 1000000 + 1000000) % 1000000)"
        return f"strftime('%Y-%m-%dT%H:%M:%S', ({base} - {rest}) / 1000000, 'unixepoch') || printf('.%06dZ', {rest})"
    return base
