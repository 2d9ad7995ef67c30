"""What planward.yaml may say."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from datetime import time
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, PrivateAttr, Tag, WithJsonSchema

from config.problems import SettingError, quote, suggest
from config.secret import Secret
from config.sources import REFERABLE, AnySource
from config.values import (
    Country,
    Duration,
    Email,
    FilePath,
    Hours,
    Name,
    Repository,
    Target,
    Text,
    Texts,
    Weekdays,
    Zone,
    matching,
    one_of,
    read_text,
)
from core.errors import ConfigurationError
from core.model import Clock, PeriodKind, Plan, Role, Unit

# The numbers of metrics that may be configured, with what each is counted in.
KPIS: Mapping[str, Unit] = MappingProxyType(
    {
        "plans_submitted_on_time": Unit.SHARE,
        "requirements_complete": Unit.SHARE,
        "conflicts_resolved_in_time": Unit.SHARE,
        "meeting_satisfaction": Unit.SHARE,
        "delivered_on_time": Unit.SHARE,
        "problems_resolved_in_time": Unit.SHARE,
        "documents_updated_on_time": Unit.SHARE,
        "reviews_passed": Unit.SHARE,
        "requirements_satisfied": Unit.SHARE,
        "requirements_changed": Unit.SHARE,
        "retrospectives_on_time": Unit.SHARE,
        "improvements_carried_out": Unit.SHARE,
        "lead_time": Unit.SECONDS,
        "cycle_time": Unit.SECONDS,
        "flow_efficiency": Unit.SHARE,
        "first_response": Unit.SECONDS,
        "item_age": Unit.SECONDS,
        "wip": Unit.COUNT,
        "throughput": Unit.COUNT,
        "reopen_rate": Unit.SHARE,
        "scope_change": Unit.SHARE,
        "milestone_slip": Unit.COUNT,
        "planned_value": Unit.COUNT,
        "earned_value": Unit.COUNT,
        "spi": Unit.COUNT,
        "spi_t": Unit.COUNT,
        "forecast": Unit.DATE,
        "forecast_hit_rate": Unit.SHARE,
    }
)
TOPICS = ("status", "dashboard")
USER_PASSWORD = re.compile(r"(?<=://)([^:@/]*):.*@")  # greedy: rather too much is hidden than a part shown
QUERY_PASSWORD = re.compile(r"(?i)([?&][a-z_]*password=)[^&#]*")
STORE_ADVICE = "write sqlite:///planward.db or postgresql://user@host/database"

ItemKey = Annotated[
    str,
    matching(
        r"[A-Za-z][A-Za-z0-9_]*-[1-9][0-9]*|[\w.-]+/[\w.-]+#[1-9][0-9]*", "the key of an item", "ERP-1 or acme/erp#12"
    ),
]


def read_store(value: Any) -> str:
    """The address of a database. It is never repeated in a message: it may hold a password."""
    text = read_text(value)
    scheme, _, rest = text.partition("://")
    if scheme not in {"sqlite", "postgresql"} or re.search(r"\s", text):
        raise SettingError(f"this is not a store that we know; {STORE_ADVICE}")
    if scheme == "sqlite" and (not rest.startswith("/") or not rest[1:].partition("?")[0]):
        raise SettingError("the file of the store is missing; write sqlite:///planward.db")
    if scheme == "sqlite" and ":memory:" in rest:
        raise SettingError("a store in memory is lost at the end of each command; write sqlite:///planward.db")
    if scheme == "postgresql" and not re.fullmatch(r"[^/?#]*/[^/?#]+(\?.*)?", rest):
        raise SettingError("the database's name is missing; write postgresql://user@host/database")
    return text


def read_kpi(value: Any) -> str:
    """The id of a number that we know."""
    text = read_text(value)
    if text not in KPIS:
        raise SettingError(f"the number {quote(text)} is not known; {suggest(text, KPIS)}")
    return text


def read_listen(value: Any) -> str:
    """An IP address of this machine with a port."""
    text = read_text(value)
    host, _, port = text.rpartition(":")
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
        known = (address.version == 6) == host.startswith("[") and re.fullmatch("[1-9][0-9]{0,4}", port)
    except ValueError:
        known = None
    if not known or int(port) > 65535:
        raise SettingError(f"{quote(text)} is not an address to listen on; write one like 127.0.0.1:8321")
    return text


def read_off(value: Any) -> str:
    """The word `off`."""
    if value != "off":
        raise SettingError("this is no way to be asked over HTTP; write {listen: 127.0.0.1:8321}, or off")
    return "off"


def _form_of_http(value: Any) -> str:
    return "settings" if isinstance(value, (dict, HttpSettings)) else "off"


class HttpSettings(BaseModel):
    """Where `planward run` answers `/healthz`, `/readyz` and `/metrics`."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    listen: Annotated[
        Annotated[str, BeforeValidator(read_listen)],
        Field(description="The address and port; loopback unless others must reach it.", examples=["127.0.0.1:8321"]),
    ] = "127.0.0.1:8321"
    hosts: Annotated[
        Texts,
        Field(description="Names by which it may be asked, besides addresses and localhost.", examples=["[planward]"]),
    ] = ()

    @property
    def address(self) -> tuple[str, int]:
        """The IP address and the port."""
        host, _, port = self.listen.rpartition(":")
        return host.removeprefix("[").removesuffix("]"), int(port)


class PersonSettings(BaseModel):
    """One human with their accounts."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: Annotated[Text, Field(description="The name to show.", examples=["Li Wei"])]
    email: Annotated[
        Email, Field(description="The address by which plans name them.", examples=["li.wei@acme.example"])
    ]
    team: Annotated[
        Text | None, Field(description="Their team, by which numbers are shown.", examples=["delivery"])
    ] = None
    accounts: Annotated[
        dict[Text, Text],
        Field(description="Their account id in each source.", examples=["{acme-github: liwei}"]),
    ] = {}


class WorkingTime(BaseModel):
    """When a project's people work; public holidays are the country's."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    country: Annotated[
        Country | None, Field(description="Whose public holidays count (ISO 3166-1).", examples=["CN"])
    ] = None
    days: Annotated[
        Weekdays, Field(description="The working days of the week; Monday is 0 in code.", examples=["mon-fri"])
    ] = frozenset(range(5))
    hours: Annotated[Hours, Field(description="When a working day begins and ends.", examples=['"09:00-18:00"'])] = (
        time(9),
        time(18),
    )
    zone: Annotated[
        Zone | None,
        Field(description="The project's time zone, where it is not that of the file.", examples=["Europe/Berlin"]),
    ] = None

    @property
    def opens(self) -> time:
        """When a working day begins."""
        return self.hours[0]

    @property
    def closes(self) -> time:
        """When a working day ends."""
        return self.hours[1]


class RoleRule(BaseModel):
    """Which items have a role: those of any of these types or labels."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    type: Annotated[Texts, Field(description="Types of items.", examples=["[Bug, Incident]"])] = ()
    label: Annotated[Texts, Field(description="Labels of items.", examples=["[retro-action]"])] = ()


class KpiSettings(BaseModel):
    """How a number is counted and judged in a project."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    within: Annotated[Duration | None, Field(description="The limit that items must keep.", examples=["48h"])] = None
    clock: Annotated[
        Annotated[Clock, one_of(Clock)] | None,
        Field(description="Whether the limit is elapsed or working time.", examples=["elapsed"]),
    ] = None
    target: Annotated[
        Target | None,
        Field(description="A share (0.9 or 90%), a duration (48h, kept in seconds) or a count.", examples=["0.9"]),
    ] = None


class PublishSettings(BaseModel):
    """One place where a topic is kept up to date."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    to: Annotated[Text, Field(description="A source of the project that can be written to.", examples=["acme-jira"])]
    item: Annotated[
        ItemKey | None, Field(description="The item that is commented on.", examples=["ERP-1", "acme/erp#12"])
    ] = None
    repository: Annotated[
        Repository | None, Field(description="The GitHub repository that holds the issue.", examples=["acme/erp"])
    ] = None
    topic: Annotated[
        Literal["status", "dashboard"], one_of(TOPICS), Field(description="What is written.", examples=["status"])
    ]


class ProjectSettings(BaseModel):
    """One project: its plan, its sources, its rules and where it is written about."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: Annotated[Text, Field(description="The name to show.", examples=["ERP upgrade"])]
    plan: Annotated[
        FilePath | None, Field(description="The plan file, relative to this one.", examples=["plans/erp-upgrade.yaml"])
    ] = None
    sources: Annotated[Texts, Field(description="Where its work is kept.", examples=["[acme-jira]"])]
    working_time: WorkingTime = Field(
        default_factory=WorkingTime,
        description="When its people work.",
        examples=['{country: CN, days: mon-fri, hours: "09:00-18:00"}'],
    )
    period: Annotated[
        PeriodKind, one_of(PeriodKind), Field(description="How long a reporting period is.", examples=["month"])
    ] = PeriodKind.MONTH
    roles: Annotated[
        dict[Annotated[Role, one_of(Role)], RoleRule],
        Field(description="What items mean to the project.", examples=["{problem: {type: [Bug, Incident]}}"]),
    ] = {}
    kpis: Annotated[
        dict[
            Annotated[str, BeforeValidator(read_kpi), WithJsonSchema({"type": "string", "enum": list(KPIS)})],
            KpiSettings,
        ],
        Field(
            description="Limits and targets that differ from the usual ones.",
            examples=["{problems_resolved_in_time: {within: 48h, target: 0.9}}"],
        ),
    ] = {}
    publish: Annotated[
        tuple[PublishSettings, ...],
        Field(description="Where it is written about.", examples=["[{to: acme-jira, item: ERP-1, topic: status}]"]),
    ] = ()


class Settings(BaseModel):
    """The whole configuration. `path` is the file it was read from, `plans` holds each project's plan."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    store_reference: Annotated[
        Annotated[
            Annotated[str, BeforeValidator(read_store), Tag("text")] | Annotated[Secret, Tag("reference")], REFERABLE
        ],
        Field(
            alias="store",
            description="The database: sqlite:///FILE (relative to this file), postgresql://..., or a reference.",
            examples=["sqlite:///planward.db"],
            repr=False,
        ),
    ]
    timezone: Annotated[Zone, Field(description="The time zone of dates and periods.", examples=["Asia/Shanghai"])] = (
        "UTC"
    )
    language: Annotated[
        Literal["en", "zh-CN"],
        one_of(("en", "zh-CN")),
        Field(description="The language of what is written.", examples=["zh-CN"]),
    ] = "en"
    write_back: Annotated[
        Literal["preview", "send"],
        one_of(("preview", "send")),
        Field(description="Whether to show what would be written, or to write it.", examples=["preview"]),
    ] = "preview"
    http: Annotated[
        Annotated[HttpSettings, Tag("settings")] | Annotated[Literal["off"], BeforeValidator(read_off), Tag("off")],
        Discriminator(_form_of_http),
    ] = Field(
        default_factory=HttpSettings,
        description="Where `planward run` says how it is: /healthz, /readyz, /metrics; `off`: nowhere.",
        examples=["{listen: 127.0.0.1:8321}"],
    )
    sources: Annotated[
        dict[Name, AnySource],
        Field(
            description="The trackers and calendars, by a name of your choice.", examples=["{acme-jira: {kind: jira}}"]
        ),
    ]
    people: Annotated[
        tuple[PersonSettings, ...],
        Field(description="Who is who.", examples=["[{name: Li Wei, email: li.wei@acme.example}]"]),
    ] = ()
    projects: Annotated[
        dict[Name, ProjectSettings],
        Field(description="The projects, by a name of your choice.", examples=["{erp-upgrade: {name: ERP upgrade}}"]),
    ]

    _path: Path = PrivateAttr(default=Path("planward.yaml"))
    _plans: Mapping[str, Plan] = PrivateAttr(default_factory=dict)

    def model_post_init(self, context: Any) -> None:
        """Keep what the file itself does not say: where it is, and the plans it points to."""
        if context:
            self._path = context["path"]
            self._plans = context["plans"]

    @property
    def path(self) -> Path:
        """The file that the settings were read from."""
        return self._path

    @property
    def plans(self) -> Mapping[str, Plan]:
        """The plan of each project that has one, as it was when the settings were read."""
        return self._plans

    @property
    def store(self) -> str:
        """The address of the database, a relative SQLite file made relative to the configuration's folder.

        Raises SecretNotFound when it is given by a reference that cannot be read, and ConfigurationError when what was
        found there is not the address of a store.
        """
        if isinstance(self.store_reference, Secret):
            try:
                address = read_store(self.store_reference.reveal())
            except ValueError as error:
                raise ConfigurationError(f"{self.path}: store: {error}") from None
        else:
            address = self.store_reference
        start = "sqlite:///"
        if not address.startswith(start):
            return address
        return start + str(self.path.parent / address.removeprefix(start))

    @property
    def masked_store(self) -> str:
        """The address of the database without its password, or the reference to it."""
        if isinstance(self.store_reference, Secret):
            return f"{{{self.store_reference}}}"
        return mask(self.store)

    def secrets(self) -> Iterator[tuple[str, Secret]]:
        """Every secret that is referred to, with the place of its setting, like `sources.acme-jira.token`."""
        yield from _secrets_in("", self)


def mask(address: str) -> str:
    """The address of a database with its passwords hidden."""
    return QUERY_PASSWORD.sub(r"\1***", USER_PASSWORD.sub(r"\1:***@", address))


def _secrets_in(place: str, value: object) -> Iterator[tuple[str, Secret]]:
    if isinstance(value, Secret):
        yield place, value
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _secrets_in(f"{place}.{field.alias or name}".lstrip("."), getattr(value, name))
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _secrets_in(f"{place}.{name}", inner)
