"""The GraphQL documents that we send. Pure. They name only what the server's own schema knows.

A page of a hundred items with `n` nested lists costs about `n` points, however long those lists are asked to be. So all
of an item comes with its page: five points a hundred issues, six a hundred pull requests. The lengths have to be enough
for nearly every item; what is longer is read on by `more`.
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

ISSUE_TYPES = "IssueTimelineItemsItemType"
PULL_REQUEST_TYPES = "PullRequestTimelineItemsItemType"
REASONS = "IssueStateReason"

LENGTHS: Mapping[str, int] = {
    "labels": 20,
    "assignees": 10,
    "comments": 50,
    "timelineItems": 50,
    "closedByPullRequestsReferences": 10,
    "reviewRequests": 20,
    "closingIssuesReferences": 10,
}
"""Nested list -> how much of it comes with its item."""

TEAMS = "Team"
"""Lacked where our token may not know the teams of an organisation, which takes a permission of its own."""

_ACTOR = "actor { ...who }"
_TEAM = " ... on Team { __typename combinedSlug }"
_REVIEWER = f"requestedReviewer {{ ...who{_TEAM} }}"
_ENDS = "source { ...end } subject { ...end }"


def _event(name: str, fields: str = "", actor: str = _ACTOR) -> str:
    return f"... on {name} {{ id createdAt {actor} {fields} }}"


_BOTH: Mapping[str, str] = {
    "ASSIGNED_EVENT": _event("AssignedEvent", "assignee { ...who }"),
    "UNASSIGNED_EVENT": _event("UnassignedEvent", "assignee { ...who }"),
    "LABELED_EVENT": _event("LabeledEvent", "label { name }"),
    "UNLABELED_EVENT": _event("UnlabeledEvent", "label { name }"),
    "MILESTONED_EVENT": _event("MilestonedEvent", "milestoneTitle"),
    "DEMILESTONED_EVENT": _event("DemilestonedEvent", "milestoneTitle"),
    "RENAMED_TITLE_EVENT": _event("RenamedTitleEvent", "previousTitle currentTitle"),
    "CLOSED_EVENT": _event("ClosedEvent", "stateReason"),
    "REOPENED_EVENT": _event("ReopenedEvent"),
}
OF_ISSUES: Mapping[str, str] = {
    **_BOTH,
    "TRANSFERRED_EVENT": _event("TransferredEvent", "fromRepository { nameWithOwner }"),
    "CROSS_REFERENCED_EVENT": _event("CrossReferencedEvent", "willCloseTarget source { ...end }"),
    "CONNECTED_EVENT": _event("ConnectedEvent", _ENDS),
    "DISCONNECTED_EVENT": _event("DisconnectedEvent", _ENDS),
    "PARENT_ISSUE_ADDED_EVENT": _event("ParentIssueAddedEvent", "parent { ...target }"),
    "PARENT_ISSUE_REMOVED_EVENT": _event("ParentIssueRemovedEvent", "parent { ...target }"),
}
OF_PULL_REQUESTS: Mapping[str, str] = {
    **_BOTH,
    "CONVERT_TO_DRAFT_EVENT": _event("ConvertToDraftEvent"),
    "READY_FOR_REVIEW_EVENT": _event("ReadyForReviewEvent"),
    "REVIEW_REQUESTED_EVENT": _event("ReviewRequestedEvent", _REVIEWER),
    "REVIEW_REQUEST_REMOVED_EVENT": _event("ReviewRequestRemovedEvent", _REVIEWER),
    "PULL_REQUEST_REVIEW": _event("PullRequestReview", "state submittedAt", "author { ...who }"),
    "REVIEW_DISMISSED_EVENT": _event("ReviewDismissedEvent", "review { id } previousReviewState"),
    "MERGED_EVENT": _event("MergedEvent"),
}
"""Type of an event of a timeline -> what is asked of it."""

_DUPLICATE = "DUPLICATE"
_PARENTS = "PARENT_ISSUE_ADDED_EVENT"
WANTED: Mapping[str, Collection[str]] = {
    ISSUE_TYPES: tuple(OF_ISSUES),
    PULL_REQUEST_TYPES: tuple(OF_PULL_REQUESTS),
    REASONS: (_DUPLICATE,),
}
"""Enumeration of the schema -> the values that we use where the server knows them. Its values are its version."""

_FRAGMENTS: Mapping[str, str] = {
    "who": "fragment who on Actor { __typename login ... on User { name } }",
    "target": "fragment target on Issue { id number repository { nameWithOwner } }",
    "end": "fragment end on ReferencedSubject { __typename ... on PullRequest { ...closing } }",
    "closing": (
        "fragment closing on PullRequest { __typename id number state createdAt closedAt repository { nameWithOwner } }"
    ),
}
_OWN = (
    "id number url title body state createdAt updatedAt closedAt viewerDidAuthor author { ...who }"
    " milestone { title dueOn }"
)

VIEWER = "query Viewer { viewer { __typename login name } }"
EDITOR = """query Editor($id: ID!) {
  node(id: $id) {
    ... on IssueComment { lastEditedAt editor { __typename login } }
    ... on Issue { lastEditedAt editor { __typename login } }
  }
}"""
LOOK = f"""query Look($owner: String!, $name: String!, $size: Int!, $after: String) {{
  rateLimit {{ remaining resetAt }}
  repository(owner: $owner, name: $name) {{
    id nameWithOwner
    milestones(first: $size, orderBy: {{field: UPDATED_AT, direction: DESC}}) {{ nodes {{ id title dueOn }} }}
    pullRequests(states: OPEN, first: $size, after: $after, orderBy: {{field: CREATED_AT, direction: ASC}}) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{
        id updatedAt isDraft timelineItems(first: 1) {{ totalCount }}
        closingIssuesReferences(first: {LENGTHS["closingIssuesReferences"]}) {{
          nodes {{ id repository {{ nameWithOwner }} }}
        }}
      }}
    }}
  }}
}}"""
"""Asks what may have moved without an update: two points a hundred open pull requests."""


def members(kind: str) -> str:
    """Asks which things of a kind (`issues`, `pullRequests`) are in a milestone."""
    page = "nodes { id } pageInfo { hasNextPage endCursor }"
    return (
        "query Members($id: ID!, $size: Int!, $after: String) {\n  rateLimit { remaining resetAt }\n"
        f"  node(id: $id) {{ ... on Milestone {{ {kind}(first: $size, after: $after) {{ {page} }} }} }}\n}}"
    )


def survey(repositories: Sequence[tuple[str, str]]) -> str:
    """Asks who is there (`r0`, `r1`, ...), how much is in it, and which words the schema knows (`e0`, `e1`, ...)."""
    asked = [
        f"r{number}: repository(owner: {_text(owner)}, name: {_text(name)}) {{ id nameWithOwner"
        " issues(first: 1) { totalCount } pullRequests(first: 1) { totalCount } }"
        for number, (owner, name) in enumerate(repositories)
    ]
    asked += [
        f"e{number}: __type(name: {_text(name)}) {{ enumValues {{ name }} }}" for number, name in enumerate(WANTED)
    ]
    return "query Survey {{\n  {}\n}}".format("\n  ".join(asked))


class Documents:
    """Documents for a server whose schema lacks some of the words in WANTED."""

    def __init__(self, lacks: Collection[str]) -> None:
        self._lacks = frozenset(lacks)

    def listing(self, *, issues: bool, pull_requests: bool) -> str:
        """Asks for a page of one list of a repository, or of both: issues oldest update first, others newest first."""
        variables, lists = ["$owner: String!", "$name: String!"], []
        page = "pageInfo { hasNextPage endCursor }"
        if issues or pull_requests:
            variables.append("$size: Int!")
        if issues:
            variables += ["$issuesAfter: String", "$filter: IssueFilters"]
            order = "filterBy: $filter, orderBy: {field: UPDATED_AT, direction: ASC}"
            lists.append(f"issues(first: $size, after: $issuesAfter, {order}) {{ {page} nodes {{ {self._issue()} }} }}")
        if pull_requests:
            variables.append("$pullRequestsAfter: String")
            order = "orderBy: {field: UPDATED_AT, direction: DESC}"
            nodes = f"nodes {{ {self._pull_request()} }}"
            lists.append(f"pullRequests(first: $size, after: $pullRequestsAfter, {order}) {{ {page} {nodes} }}")
        return self._whole(
            f"query Listing({', '.join(variables)}) {{\n"
            "  rateLimit { remaining resetAt }\n"
            "  repository(owner: $owner, name: $name) {\n    id nameWithOwner\n    " + "\n    ".join(lists) + "\n  }\n}"
        )

    def by_id(self, kind: str) -> str:
        """Asks for those of some things that are of this kind, Issue or PullRequest."""
        fields = self._issue() if kind == "Issue" else self._pull_request()
        return self._whole(
            "query ById($ids: [ID!]!) {\n  rateLimit { remaining resetAt }\n"
            f"  nodes(ids: $ids) {{ ... on {kind} {{ repository {{ nameWithOwner }} {fields} }} }}\n}}"
        )

    def more(self, parts: Sequence[tuple[str, str]]) -> str:
        """Asks for the next page of nested lists, each (type of item, list), as `m0`, `m1`, ...

        Part `n` takes its item from the variable `$i<n>` and the place to go on behind from `$a<n>`.
        """
        variables = ["$first: Int!"]
        variables += (f"$i{number}: ID!, $a{number}: String!" for number in range(len(parts)))
        asked = [
            f"m{number}: node(id: $i{number}) {{ ... on {kind} {{ {self._list(kind, name, after=f'$a{number}')} }} }}"
            for number, (kind, name) in enumerate(parts)
        ]
        body = "\n  ".join(["rateLimit { remaining resetAt }", *asked])
        return self._whole(f"query More({', '.join(variables)}) {{\n  {body}\n}}")

    def _issue(self) -> str:
        reason = "stateReason" if _DUPLICATE in self._lacks else "stateReason(enableDuplicate: true)"
        parent = "" if _PARENTS in self._lacks else "parent { ...target }"
        names = ("labels", "assignees", "comments", "timelineItems", "closedByPullRequestsReferences")
        return " ".join([_OWN, reason, parent, *(self._list("Issue", name) for name in names)])

    def _pull_request(self) -> str:
        names = ("labels", "assignees", "comments", "timelineItems", "reviewRequests", "closingIssuesReferences")
        fields = "isDraft headRefName mergedAt"
        return " ".join([_OWN, fields, *(self._list("PullRequest", name) for name in names)])

    def _list(self, kind: str, name: str, *, after: str | None = None) -> str:
        arguments, nodes = "", "...who"
        match name:
            case "labels":
                nodes = "name"
            case "comments":
                nodes = "id createdAt lastEditedAt viewerDidAuthor body author { ...who }"
            case "timelineItems":
                wanted = OF_ISSUES if kind == "Issue" else OF_PULL_REQUESTS
                known = {value: asked for value, asked in wanted.items() if value not in self._lacks}
                arguments, nodes = f", itemTypes: [{' '.join(known)}]", " ".join(["__typename", *known.values()])
            case "closedByPullRequestsReferences":
                arguments, nodes = ", includeClosedPrs: true", "...closing"
            case "reviewRequests":
                nodes = _REVIEWER
            case "closingIssuesReferences":
                nodes = "...target"
        first = str(LENGTHS[name]) if after is None else "$first"
        behind = "" if after is None else f", after: {after}"
        return (
            f"{name}(first: {first}{behind}{arguments}) {{ nodes {{ {nodes} }} pageInfo {{ hasNextPage endCursor }} }}"
        )

    def _whole(self, operation: str) -> str:
        """The operation with the fragments that it uses, and that those use."""
        used: dict[str, str] = {}
        text = operation
        while missing := {name for name in _FRAGMENTS if f"...{name} " in text} - set(used):
            used |= {name: _FRAGMENTS[name] for name in sorted(missing)}
            text = "\n".join([operation, *used.values()])
        return text.replace(_TEAM, "") if TEAMS in self._lacks else text


def _text(value: str) -> str:
    """A string in a document. Names of owners, repositories and types hold nothing that would have to be escaped."""
    return f'"{value}"'
