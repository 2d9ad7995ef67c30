"""Jira's query language as far as integrations use it: read into a tree, then asked of issues.

An unquoted number beside a time is milliseconds since the epoch; a quoted one is wall-clock time in the zone of the
account that asks, to the minute; `-15m` counts back from the server's time, rounded down to the minute.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.sandbox.clock import to_milliseconds
from tests.sandbox.jira.jql_order import MOST_SORTS, SORTABLE, Sort, place, sort_values
from tests.sandbox.jira.jql_words import JqlFault, Word, split
from tests.sandbox.jira.model import Issue

if TYPE_CHECKING:
    from tests.sandbox.jira.state import JiraState

Test = Callable[[Issue], bool]

FIELDS = {
    "key": "key",
    "issuekey": "key",
    "id": "key",
    "issue": "key",
    "project": "project",
    "status": "status",
    "statuscategory": "statusCategory",
    "issuetype": "type",
    "type": "type",
    "priority": "priority",
    "resolution": "resolution",
    "labels": "labels",
    "parent": "parent",
    "assignee": "assignee",
    "reporter": "reporter",
    "created": "created",
    "createddate": "created",
    "updated": "updated",
    "updateddate": "updated",
    "resolved": "resolved",
    "resolutiondate": "resolved",
    "statuscategorychangeddate": "category_changed",
    "summary": "summary",
    "text": "summary",
}
TIMES = frozenset({"created", "updated", "resolved", "category_changed"})
CATEGORY_NAMES = {"new": "to do", "indeterminate": "in progress", "done": "done"}
UNITS = {"m": 1, "h": 60, "d": 60 * 24, "w": 60 * 24 * 7}


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was read: which issues, in which order.

    `bounded` tells whether it has any restriction, `timeless` that its answer does not depend on the time of asking.
    """

    test: Test
    order: tuple[Sort, ...]
    bounded: bool
    timeless: bool

    def sort_key(self, issue: Issue) -> tuple[Any, ...]:
        """What orders the issue among others; the id breaks ties."""
        return place(issue, self.order)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks and when: what a query's names and times depend on. `visible` tells which issues the account may see.

    `resolution` is the coarseness of the index's times in milliseconds.
    """

    account_id: str | None
    zone: str
    now: int
    resolution: int
    visible: Callable[[Issue], bool]
    may_browse: Callable[[str], bool]


def read(text: str, state: JiraState, asker: Asker) -> Query:
    """The query. Raises JqlFault."""
    return _Reader(split(text), state, asker).query()


class _Reader:
    """Reads one query from its words by recursive descent."""

    def __init__(self, pieces: Sequence[Word], state: JiraState, asker: Asker) -> None:
        self.words = pieces
        self.position = 0
        self.state = state
        self.asker = asker
        self.timeless = True

    def query(self) -> Query:
        bounded = bool(self.words) and self._peek().plain != "order"
        test: Test = self._any() if bounded else (lambda issue: True)
        order = self._order()
        if self.position < len(self.words):
            raise JqlFault(
                f"Error in the JQL Query: Expecting either 'OR' or 'AND' but got '{self._peek().text}'."
                f" (line 1, character {self.position})"
            )
        return Query(test, order, bounded, self.timeless)

    # Words

    def _peek(self) -> Word:
        return self.words[self.position] if self.position < len(self.words) else Word("end", "")

    def _next(self) -> Word:
        word = self._peek()
        if word.kind == "end":
            raise JqlFault("Error in the JQL Query: Unexpected end of the query.")
        self.position += 1
        return word

    def _take(self, *plain: str, kind: str = "") -> bool:
        word = self._peek()
        if (word.plain and word.plain in plain) or (kind and word.kind == kind):
            self.position += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        word = self._next()
        if word != Word("mark", mark):
            raise JqlFault(f"Error in the JQL Query: Expecting '{mark}' but got '{word.text}'.")

    # Conditions

    def _any(self) -> Test:
        tests = [self._all()]
        while self._take("or", kind="or"):
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else lambda issue: any(test(issue) for test in tests)

    def _all(self) -> Test:
        tests = [self._not()]
        while self._take("and", kind="and"):
            tests.append(self._not())
        return tests[0] if len(tests) == 1 else lambda issue: all(test(issue) for test in tests)

    def _not(self) -> Test:
        if self._take("not", kind="bang"):
            inner = self._not()
            return lambda issue: not inner(issue)
        if self._peek() == Word("mark", "("):
            self.position += 1
            inner = self._any()
            self._expect(")")
            return inner
        return self._clause()

    def _clause(self) -> Test:
        word = self._next()
        field = FIELDS.get(word.text.casefold()) if word.kind in {"word", "quoted"} else None
        if field is None:
            raise JqlFault(f"Field '{word.text}' does not exist or you do not have permission to view it.")
        operator = self._operator()
        if operator in {"is", "is not"}:
            if not self._take("empty", "null"):
                raise JqlFault(f"Error in the JQL Query: The operator '{operator}' needs EMPTY.")
            return _turned(lambda issue: _is_empty(issue, field), operator == "is not")
        if field in TIMES:
            return self._time_clause(field, operator)
        values = self._values() if operator in {"in", "not in"} else [self._next()]
        if operator in {"~", "!~"}:
            if field != "summary":
                raise JqlFault(f"The operator '{operator}' is not supported by the '{word.text}' field.")
            needles = [value.text.casefold().strip("*") for value in values]
            return _turned(
                lambda issue: all(needle in issue.summary.casefold() for needle in needles), operator == "!~"
            )
        if operator not in {"=", "!=", "in", "not in"} and not (field == "key" and operator in {">", ">=", "<", "<="}):
            raise JqlFault(f"The operator '{operator}' is not supported by the '{word.text}' field.")
        if field == "key":
            return self._key_clause(word.text, operator, values)
        tests = [self._value_test(field, word.text, value) for value in values]
        return _turned(lambda issue: any(test(issue) for test in tests), operator in {"!=", "not in"})

    def _operator(self) -> str:
        word = self._next()
        if word.kind == "operator":
            return word.text
        if word.plain == "in":
            return "in"
        if word.plain == "not" and self._take("in"):
            return "not in"
        if word.plain == "is":
            return "is not" if self._take("not") else "is"
        raise JqlFault(f"Error in the JQL Query: Expecting operator but got '{word.text}'.")

    def _values(self) -> list[Word]:
        self._expect("(")
        values = [self._next()]
        while self._peek() == Word("mark", ","):
            self.position += 1
            values.append(self._next())
        self._expect(")")
        return values

    def _value_test(self, field: str, name: str, value: Word) -> Test:
        text = value.text
        wanted = text.casefold()
        missing = JqlFault(f"The value '{text}' does not exist for the field '{name}'.")
        if value.plain in {"empty", "null"}:
            return lambda issue: _is_empty(issue, field)
        match field:
            case "project":
                project = self.state.project(text)
                if project is None or not self.asker.may_browse(project.key):
                    raise missing
                project_id = project.id
                return lambda issue: issue.project_id == project_id
            case "status":
                found = {s.id for s in self.state.statuses.values() if wanted in (s.id, s.name.casefold())}
                if not found:
                    raise missing
                return lambda issue: issue.status_id in found
            case "statusCategory":
                keys = {key for key, other in CATEGORY_NAMES.items() if wanted in (key, other)}
                if not keys:
                    raise missing
                return lambda issue: self.state.statuses[issue.status_id].category in keys
            case "labels":
                return lambda issue: wanted in (label.casefold() for label in issue.labels)
            case "parent":
                parent_id = self._issue(name, text).id
                return lambda issue: issue.parent_id == parent_id
            case "summary":
                return lambda issue: wanted == issue.summary.casefold()
            case "assignee" | "reporter":
                account = self._account(text)
                return lambda issue: getattr(issue, field) == account
            case _:
                kind, attribute = {
                    "type": (self.state.types, "type_id"),
                    "priority": (self.state.priorities, "priority_id"),
                    "resolution": (self.state.resolutions, "resolution_id"),
                }[field]
                ids = {n.id for n in kind.values() if wanted in (n.id, n.name.casefold())}
                if field == "resolution" and wanted == "unresolved":
                    return lambda issue: issue.resolution_id is None
                if not ids:
                    raise missing
                return lambda issue: getattr(issue, attribute) in ids

    def _account(self, text: str) -> str | None:
        if text.casefold() == "currentuser":
            self._expect("(")
            self._expect(")")
            return self.asker.account_id
        return text

    def _issue(self, name: str, text: str) -> Issue:
        issue = self.state.find(text)
        if issue is None or not self.asker.visible(issue):
            kind = "A value with ID" if text.isdecimal() else "An issue with key"
            raise JqlFault(f"{kind} '{text}' does not exist for field '{name}'.")
        return issue

    def _key_clause(self, name: str, operator: str, values: Sequence[Word]) -> Test:
        issues = [self._issue(name, value.text) for value in values]
        if operator in {">", ">=", "<", "<="}:
            key = "id" if values[0].text.isdecimal() else "key"
            bound = sort_values(issues[0], key)
            compare = COMPARE[operator]
            # Keys are ordered within their project only.
            return lambda issue: (
                (key == "id" or sort_values(issue, key)[0] == bound[0]) and compare(sort_values(issue, key), bound)
            )
        ids = {issue.id for issue in issues}
        return _turned(lambda issue: issue.id in ids, operator in {"!=", "not in"})

    # Times

    def _time_clause(self, field: str, operator: str) -> Test:
        if operator not in COMPARE:
            raise JqlFault(f"The operator '{operator}' is not supported by the '{field}' field.")
        compare, bound, coarse = COMPARE[operator], self._instant(field), self.asker.resolution

        def test(issue: Issue) -> bool:
            value = getattr(issue, field)
            return value is not None and bool(compare(value - value % coarse, bound))

        return test

    def _instant(self, field: str) -> int:
        word = self._next()
        self.timeless = self.timeless and word.kind == "word" and word.text.isdecimal()
        minute = self.asker.now - self.asker.now % 60_000
        if word.plain == "now":
            self._expect("(")
            self._expect(")")
            return self.asker.now
        relative = re.fullmatch(r"([+-]?)((?:\d+[wdhm]\s*)+)", word.text)
        if relative and not (word.kind == "word" and word.text.lstrip("+-").isdecimal()):
            minutes = sum(int(n) * UNITS[unit] for n, unit in re.findall(r"(\d+)([wdhm])", relative[2]))
            return minute + (1 if relative[1] == "+" else -1) * minutes * 60_000
        if word.kind == "word" and re.fullmatch(r"-?\d+", word.text):
            return int(word.text)
        for shape in ("%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%Y/%m/%d", "%Y-%m-%d"):
            try:
                local = datetime.strptime(word.text, shape)  # noqa: DTZ007 - the zone is the account's, below
            except ValueError:
                continue
            return to_milliseconds(local.replace(tzinfo=ZoneInfo(self.asker.zone)))
        raise JqlFault(
            f"Date value '{word.text}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm',"
            " 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
        )

    # Order

    def _order(self) -> tuple[Sort, ...]:
        if not self._take("order"):
            return (Sort("id", True),)  # newest first
        if not self._take("by"):
            raise JqlFault("Error in the JQL Query: Expecting 'BY' after 'ORDER'.")
        sorts = [self._sort()]
        while self._peek() == Word("mark", ","):
            self.position += 1
            sorts.append(self._sort())
        if len(sorts) > MOST_SORTS:
            raise JqlFault(f"The maximum number of fields to order by is {MOST_SORTS}.")
        return tuple(sorts)

    def _sort(self) -> Sort:
        word = self._next()
        name = word.text.casefold()
        field = "id" if name == "id" else FIELDS.get(name, name)
        if field not in SORTABLE:
            raise JqlFault(f"Field '{word.text}' does not exist or does not support sorting.")
        descending = self._take("desc")
        if not descending:
            self._take("asc")
        return Sort(field, descending)


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "=": lambda a, b: a == b,
}


def _turned(test: Test, negated: bool) -> Test:
    return (lambda issue: not test(issue)) if negated else test


def _is_empty(issue: Issue, field: str) -> bool:
    attribute = {"type": "type_id", "priority": "priority_id", "resolution": "resolution_id", "parent": "parent_id"}
    return getattr(issue, attribute.get(field, field), "there") in (None, ())
