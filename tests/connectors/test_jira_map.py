"""Jira's payloads turned into our words: tables of examples, and properties."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.jira.map import Reader, carries, instant, is_marked, read_status
from connectors.jira.payloads import CommentPayload, Entry, Issue, LinkPayload, StatusPayload, User
from core.model import Category, Link

SITE = "https://acme.example"
AT = "2026-03-02T10:00:00.500+0200"
SPARSE: dict[str, Any] = {"status": {"id": "1", "name": "Offen"}, "created": AT, "updated": AT}


def issue(**fields: Any) -> Issue:
    return msgspec.convert({"id": "10001", "key": "ERP-1", "fields": {**SPARSE, **fields}}, Issue)


def entry(number: int, created: Any, *items: dict[str, Any], **more: Any) -> Entry:
    return msgspec.convert({"id": str(number), "created": created, "items": list(items), **more}, Entry)


def comment(body: object, **more: Any) -> CommentPayload:
    raw = msgspec.json.encode({"id": "1", "created": AT, "body": body, **more})
    return msgspec.json.decode(raw, type=CommentPayload)


def marked(href: str) -> dict[str, Any]:
    text = {"type": "text", "text": "Planward", "marks": [{"type": "link", "attrs": {"href": href}}]}
    return {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [text]}]}


def test_an_issue_that_tells_only_the_least_is_mapped() -> None:
    item = Reader("acme").item(issue(), SITE)

    assert (item.remote_id, item.key, item.url) == ("10001", "ERP-1", "https://acme.example/browse/ERP-1")
    assert item.created_at == datetime(2026, 3, 2, 8, 0, 0, 500_000, tzinfo=UTC)
    assert (item.tracker_category, item.resolution, item.assignee, item.due_on) == (None, None, None, None)
    assert (item.labels, item.fix_versions, item.title) == ((), (), "ERP-1")


def test_nulls_everywhere_are_the_same_as_nothing() -> None:
    names = "summary issuetype priority resolution resolutiondate duedate labels assignee reporter parent project"
    names += " fixVersions issuelinks comment"

    item = Reader("acme").item(issue(**dict.fromkeys(names.split())), SITE)

    assert item == Reader("acme").item(issue(), SITE)


def test_a_full_issue_keeps_what_we_asked_for() -> None:
    fields = {
        "summary": "Move the ledger",
        "status": {"id": "3", "name": "In Arbeit", "statusCategory": {"key": "indeterminate"}},
        "issuetype": {"name": "Story"},
        "priority": {"name": "High"},
        "resolution": {"name": "Fixed"},
        "resolutiondate": AT,
        "duedate": "2026-02-29"[:8] + "28",
        "labels": ["requirements", "wave-1"],
        "assignee": {"accountId": "bo", "displayName": "Bo", "active": False, "accountType": "app"},
        "reporter": {"accountId": "unknown", "displayName": "Former user"},
        "parent": {"id": "10000", "key": "ERP-0"},
        "project": {"id": "1", "key": "ERP"},
        "fixVersions": [{"name": "1.0"}, {"name": None}],
    }
    reader = Reader("acme")

    item = reader.item(issue(**fields), SITE)

    assert (item.title, item.status, item.type, item.priority) == ("Move the ledger", "In Arbeit", "Story", "High")
    assert (item.tracker_category, item.resolution) == (Category.ACTIVE, "Fixed")
    assert (str(item.due_on), item.resolved_at) == ("2026-02-28", item.created_at)
    assert (item.labels, item.fix_versions) == (("requirements", "wave-1"), ("1.0",))
    assert (item.assignee, item.reporter) == ("bo", None)
    assert (item.parent_id, item.parent_key, item.project) == ("10000", "ERP-0", "ERP")
    (identity,) = reader.people.values()
    assert (identity.account_id, identity.name, identity.active, identity.bot) == ("bo", "Bo", False, True)


@pytest.mark.parametrize(
    ("key", "category"),
    [
        ("new", Category.TODO),
        ("indeterminate", Category.ACTIVE),
        ("done", Category.DONE),
        ("undefined", None),
        (None, None),
    ],
)
def test_a_status_means_what_its_category_says(key: str | None, category: Category | None) -> None:
    payload = msgspec.convert({"id": "7", "name": "X", "statusCategory": {"key": key}}, StatusPayload)

    status = read_status(payload)

    assert status.category is category


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2026-03-02T10:00:00.500+0200", "2026-03-02T08:00:00.500000+00:00"),
        ("2026-03-02T10:00:00.000+0000", "2026-03-02T10:00:00+00:00"),
        ("2026-03-02T10:00:00Z", "2026-03-02T10:00:00+00:00"),
        ("2026-03-02T10:00:00-05:30", "2026-03-02T15:30:00+00:00"),
        (1_772_445_600_500, "2026-03-02T10:00:00.500000+00:00"),
        (1_772_445_600, "2026-03-02T10:00:00+00:00"),
        (1_772_445_600.5, "2026-03-02T10:00:00.500000+00:00"),
    ],
)
def test_times_are_understood_in_all_their_shapes(told: str | float, expected: str) -> None:
    assert instant(told).isoformat() == expected


@pytest.mark.parametrize("told", ["yesterday", "2026-03-02T10:00:00", "", 1e300])
def test_a_time_that_is_none_is_an_error(told: str | float) -> None:
    with pytest.raises((ValueError, OverflowError)):
        instant(told)


@given(
    st.datetimes(min_value=datetime(1974, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001 - the zone comes below
    st.integers(min_value=-14 * 60, max_value=14 * 60),
)
def test_the_same_instant_in_any_zone_or_unit_is_the_same(moment: datetime, offset: int) -> None:
    zone = timezone(timedelta(minutes=offset))
    aware = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=zone)
    text = f"{aware:%Y-%m-%dT%H:%M:%S}.{aware.microsecond // 1000:03d}{aware:%z}"

    told = instant(text)

    assert told == aware
    assert told.tzinfo is UTC
    assert instant((aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)) == aware


@pytest.mark.parametrize(
    ("item", "word"),
    [
        ({"field": "Status", "fieldId": "status"}, "status"),
        ({"field": "Bearbeiter", "fieldId": "assignee"}, "assignee"),
        ({"field": "Zusammenfassung", "fieldId": "summary"}, "title"),
        ({"field": "issuetype", "fieldId": "issuetype"}, "type"),
        ({"field": "Fix Version", "fieldId": "fixVersions"}, "fix_versions"),
        ({"field": "timeoriginalestimate", "fieldId": "timeoriginalestimate"}, "estimate"),
        ({"field": "IssueParentAssociation"}, "parent"),
        ({"field": "Key"}, "key"),
        ({"field": "Sprint", "fieldId": "customfield_10020"}, "sprint"),
        ({"field": "Epic Link", "fieldId": "customfield_10014"}, "parent"),
        ({"field": "Cost centre", "fieldId": "customfield_10999"}, "Cost centre"),
        ({"fieldId": "customfield_10999"}, "customfield_10999"),
        ({}, "unknown"),
    ],
)
def test_a_changed_field_is_named_by_its_id_in_our_words(item: dict[str, Any], word: str) -> None:
    (change,) = Reader("acme").changes([entry(1, AT, item)])

    assert change.field == word


def test_a_history_is_put_in_order_and_an_entry_that_came_twice_counts_once() -> None:
    status = {"field": "status", "fieldId": "status", "from": "1", "fromString": "Open", "to": "3", "toString": "Busy"}
    other = {
        "field": "resolution",
        "fieldId": "resolution",
        "from": None,
        "fromString": "",
        "to": "1",
        "toString": "Fixed",
    }
    late, early = entry(12, 1_772_445_700_000, status, other), entry(9, 1_772_445_600_000, status)
    same_moment = entry(100, 1_772_445_700_000, status, author={"accountId": "bo"})

    changes = Reader("acme").changes([same_moment, late, early, late])

    assert [(c.remote_id, c.position, c.field) for c in changes] == [
        ("9", 0, "status"),
        ("12", 0, "status"),
        ("12", 1, "resolution"),
        ("100", 0, "status"),
    ]
    assert (changes[0].from_id, changes[0].from_value, changes[0].to_id, changes[0].to_value) == (
        "1",
        "Open",
        "3",
        "Busy",
    )
    assert (changes[2].from_value, changes[0].author, changes[3].author) == (None, None, "bo")


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"from": None, "to": "2026-03-31", "toString": "2026-03-31 00:00:00.0"}, (None, "2026-03-31")),
        ({"fromString": "2013-03-29 00:00:00.0", "toString": None}, ("2013-03-29", None)),
        ({"from": "", "fromString": "", "to": "", "toString": "29/Mar/13"}, (None, "29/Mar/13")),
    ],
)
def test_due_dates_in_a_history_are_days(item: dict[str, Any], expected: tuple[str | None, str | None]) -> None:
    (change,) = Reader("acme").changes([entry(1, AT, {"field": "duedate", "fieldId": "duedate", **item})])

    assert (change.from_value, change.to_value) == expected


def test_links_are_read_from_this_end() -> None:
    kind = {"name": "Blocks", "inward": "is blocked by", "outward": "blocks"}
    told = [
        {"id": "20", "type": kind, "inwardIssue": {"key": "OPS-9"}},
        {"id": "3", "type": kind, "outwardIssue": {"key": "ERP-2"}},
        {"id": "4", "type": kind},
        {"id": "5", "type": {}, "outwardIssue": {"key": "ERP-3"}},
    ]

    links = Reader("acme").links(msgspec.convert(told, list[LinkPayload]))

    assert links == (
        Link(remote_id="3", kind="blocks", to_source="acme", to_key="ERP-2"),
        Link(remote_id="5", kind="relates to", to_source="acme", to_key="ERP-3"),
        Link(remote_id="20", kind="is blocked by", to_source="acme", to_key="OPS-9"),
    )


def test_a_comment_without_an_author_stays_a_comment() -> None:
    (mapped,) = Reader("acme").comments([comment(marked("https://acme.example#planward-1"))], ours="bo")

    assert mapped.author is None
    assert mapped.updated_at == mapped.created_at


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (comment(marked(f"{SITE}/browse/ERP-1#planward-01J")), True),
        (comment(marked(f"{SITE}/browse/ERP-1#planward-01JX")), False),
        (comment(None, properties=[{"key": "planward", "value": {"v": 1, "id": "01J"}}]), True),
        (comment(None, properties=[{"key": "planward", "value": "01J"}]), False),
        (comment(None, properties=[{"key": "other", "value": {"id": "01J"}}]), False),
        (comment("#planward-01J"), False),
        (comment({"content": [marked("#planward-01J")["content"][0], {"type": "paragraph"}]}), False),
        (comment({"content": [{"type": "paragraph", "content": [None]}]}), False),
        (comment([1, 2]), False),
    ],
)
def test_a_marker_is_in_the_property_or_at_the_end_of_the_last_link(payload: CommentPayload, expected: bool) -> None:
    assert carries(payload, ["01J"]) is expected
    assert is_marked(payload) or not expected


def test_an_account_is_introduced_once() -> None:
    reader = Reader("acme")
    told = [User(account_id="bo", display_name="Bo"), User(account_id="bo", display_name="Bo B."), User(), None]

    ids = [reader.account(user) for user in told]

    assert ids == ["bo", "bo", None, None]
    assert [identity.name for identity in reader.people.values()] == ["Bo"]
