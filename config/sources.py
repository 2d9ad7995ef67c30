"""What each kind of source may say: one class a kind, joined by `kind`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from config.secret import Secret, text_or_reference
from config.values import (
    LISTED,
    Address,
    Day,
    Duration,
    FilePath,
    Flag,
    Repositories,
    Site,
    Text,
    Texts,
    Whole,
    matching,
    one_of,
)
from core.model import Category

CANCELLED_RESOLUTIONS = ("Won't Do", "Won't Fix", "Duplicate", "Invalid", "Cannot Reproduce")

REFERABLE = Discriminator(text_or_reference)

ProjectKey = Annotated[str, matching("[A-Za-z][A-Za-z0-9_]*", "a Jira project key", "ERP")]
Mailbox = Annotated[str, matching(r"[^@\s/]+@[^@\s/]+|[A-Za-z0-9-]{8,64}", "a mailbox", "team@acme.example")]


class Checks(BaseModel):
    """How often the slower upkeep of a tracker runs."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    identity: Annotated[Duration, Field(description="Who we are to it.", examples=["1h"])] = timedelta(hours=1)
    lists: Annotated[Duration, Field(description="Its small lists, such as statuses.", examples=["1h"])] = timedelta(
        hours=1
    )
    reread: Annotated[
        Duration, Field(description="Reading far back again, for what a lagging index hid.", examples=["6h"])
    ] = timedelta(hours=6)
    census: Annotated[
        Duration, Field(description="Comparing all ids, which finds deletions and moves.", examples=["24h"])
    ] = timedelta(hours=24)


class JiraChecks(Checks):
    """How often the slower upkeep of a Jira runs."""

    worklogs: Annotated[Duration, Field(description="Logged work.", examples=["15m"])] = timedelta(minutes=15)


class SourceSettings(BaseModel):
    """What every source may say."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    every: Annotated[Duration, Field(description="How often it is asked for what changed.", examples=["5m"])] = (
        timedelta(minutes=5)
    )
    expires_on: Annotated[
        Day | None, Field(description="When its token expires; you are warned 30 days before.", examples=["2027-03-01"])
    ] = None
    private_address: Annotated[
        Flag,
        Field(
            description="The host is on a private or loopback address. Only then is plain http accepted.",
            examples=["true"],
        ),
    ] = False
    ca: Annotated[
        FilePath | None, Field(description="Certificates (PEM) to trust besides the system's.", examples=["ca.pem"])
    ] = None
    proxy: Annotated[
        Annotated[Annotated[Address, Tag("text")] | Annotated[Secret, Tag("reference")], REFERABLE] | None,
        Field(
            description="The outgoing proxy. One with a password is given by reference.",
            examples=["http://proxy.acme.example:3128"],
        ),
    ] = None
    client_certificate: Annotated[
        FilePath | None,
        Field(description="Our certificate and its key (PEM), where the host asks for one.", examples=["client.pem"]),
    ] = None


class JiraSettings(SourceSettings):
    """A source with `kind: jira`: Jira Cloud, or Jira Data Center when there is no `user`."""

    kind: Annotated[Literal["jira"], Field(description="Jira Cloud or Data Center.")] = "jira"
    url: Annotated[Site, Field(description="The address of the site.", examples=["https://acme.atlassian.net"])]
    user: Annotated[
        Text | None,
        Field(
            description="Cloud: the account's e-mail. Absent: a Data Center token.", examples=["planward@acme.example"]
        ),
    ] = None
    token: Annotated[Secret, Field(description="The token to read with.", examples=["{env: JIRA_TOKEN}"])]
    write_token: Annotated[
        Secret | None, Field(description="Another token for writing.", examples=["{env: JIRA_WRITE_TOKEN}"])
    ] = None
    projects: Annotated[
        tuple[ProjectKey, ...], *LISTED, Field(description="Keys of the projects to read.", examples=["[ERP]"])
    ] = ()
    jql: Annotated[
        Text | None,
        Field(description="A query instead of `projects`, without ORDER BY.", examples=['"project = ERP"']),
    ] = None
    statuses: Annotated[
        dict[Annotated[Category, one_of(Category)], Texts],
        Field(
            description="Statuses (names or ids) by the category they mean, where the tracker's own is not it.",
            examples=['{waiting: [Blocked, "Waiting for customer"]}'],
        ),
    ] = {}
    cancelled_resolutions: Annotated[
        Texts, Field(description="Resolutions that turn done into cancelled.", examples=['["Won\'t Do", Duplicate]'])
    ] = CANCELLED_RESOLUTIONS
    checks: JiraChecks = Field(
        default_factory=JiraChecks, description="How often upkeep runs.", examples=["{census: 24h}"]
    )


class GithubApp(BaseModel):
    """A GitHub App as which we log in."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    id: Annotated[Whole, Field(description="The app's id.", examples=["12345"])]
    installation: Annotated[Whole, Field(description="The id of its installation.", examples=["67890"])]
    key: Annotated[Secret, Field(description="Its private key (PEM).", examples=["{file: app.pem}"])]


class GithubSettings(SourceSettings):
    """A source with `kind: github`: github.com or a GitHub Enterprise Server."""

    kind: Annotated[Literal["github"], Field(description="github.com or GitHub Enterprise Server.")] = "github"
    url: Annotated[
        Site,
        Field(
            description="The root of the API; https://HOST/api/v3 on your own server.",
            examples=["https://api.github.com"],
        ),
    ] = "https://api.github.com"
    token: Annotated[Secret | None, Field(description="The token to read with.", examples=["{env: GITHUB_TOKEN}"])] = (
        None
    )
    write_token: Annotated[
        Secret | None, Field(description="Another token for writing.", examples=["{env: GITHUB_WRITE_TOKEN}"])
    ] = None
    app: Annotated[
        GithubApp | None,
        Field(
            description="A GitHub App instead of `token`.",
            examples=["{id: 12345, installation: 67890, key: {file: app.pem}}"],
        ),
    ] = None
    repositories: Annotated[
        Repositories, Field(description="The repositories to read, as owner/name.", examples=["[acme/erp]"])
    ]
    checks: Checks = Field(default_factory=Checks, description="How often upkeep runs.", examples=["{census: 24h}"])


class CalendarSettings(SourceSettings):
    """What every calendar may say. It has no upkeep of its own: each answer is the whole calendar."""

    checks: ClassVar[Checks] = Checks()

    every: Annotated[Duration, Field(description="How often it is asked for what changed.", examples=["15m"])] = (
        timedelta(minutes=15)
    )


class IcsSettings(CalendarSettings):
    """A source with `kind: ics`: a calendar published at one address (RFC 5545)."""

    kind: Annotated[Literal["ics"], Field(description="A published calendar.")] = "ics"
    # A private feed address is a password.
    url: Annotated[Secret, Field(description="Its address, which is a secret.", examples=["{env: CALENDAR_URL}"])]


class CaldavSettings(CalendarSettings):
    """A source with `kind: caldav`: one calendar collection of a CalDAV server (RFC 4791)."""

    kind: Annotated[Literal["caldav"], Field(description="A calendar on a CalDAV server.")] = "caldav"
    url: Annotated[
        Address, Field(description="The address of the calendar.", examples=["https://dav.acme.example/team/"])
    ]
    user: Annotated[Text, Field(description="The account.", examples=["planward"])]
    password: Annotated[Secret, Field(description="Its password.", examples=["{file: /run/secrets/caldav}"])]


class GoogleCalendarSettings(CalendarSettings):
    """A source with `kind: google-calendar`, read by a service account."""

    kind: Annotated[Literal["google-calendar"], Field(description="Google Calendar.")] = "google-calendar"
    url: Annotated[
        Site, Field(description="The root of the API.", examples=["https://www.googleapis.com/calendar/v3"])
    ] = "https://www.googleapis.com/calendar/v3"
    key: Annotated[Secret, Field(description="The service account's key (JSON).", examples=["{file: google-key.json}"])]
    subject: Annotated[
        Text | None,
        Field(description="The user in whose name it reads.", examples=["planward@acme.example"]),
    ] = None
    calendars: Annotated[
        Texts, Field(description="Ids of the calendars.", examples=["[team@group.calendar.google.com]"])
    ]


class MicrosoftCalendarSettings(CalendarSettings):
    """A source with `kind: microsoft-calendar`, read by an app registration through Microsoft Graph."""

    kind: Annotated[Literal["microsoft-calendar"], Field(description="Microsoft 365.")] = "microsoft-calendar"
    url: Annotated[
        Site, Field(description="The root of Microsoft Graph.", examples=["https://graph.microsoft.com/v1.0"])
    ] = "https://graph.microsoft.com/v1.0"
    tenant: Annotated[Text, Field(description="The directory (tenant), id or domain.", examples=["acme.example"])]
    client: Annotated[
        Text,
        Field(description="The app's (client) id.", examples=["00000000-0000-0000-0000-000000000000"]),
    ]
    client_secret: Annotated[Secret, Field(description="The app's secret.", examples=["{env: GRAPH_SECRET}"])]
    mailboxes: Annotated[
        tuple[Mailbox, ...],
        *LISTED,
        Field(description="The mailboxes whose calendars are read.", examples=["[team@acme.example]"]),
    ]


AnySource = Annotated[
    JiraSettings | GithubSettings | IcsSettings | CaldavSettings | GoogleCalendarSettings | MicrosoftCalendarSettings,
    Field(discriminator="kind"),
]
KINDS = ("jira", "github", "ics", "caldav", "google-calendar", "microsoft-calendar")
