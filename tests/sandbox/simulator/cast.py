"""The people of the stories, with the departments that mission.md names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person with accounts in Jira and GitHub."""

    name: str
    email: str
    team: str
    account: str
    login: str


def _member(number: int, name: str, mailbox: str, team: str) -> Member:
    return Member(
        name=name,
        email=f"{mailbox}@example.com",
        team=team,
        account=f"5b10a2844c20165700ed{number:04x}",
        login=mailbox.replace(".", "-"),
    )


LEAD = _member(1, "李伟", "li.wei", "PMO")
PMO = _member(2, "Grace Okafor", "grace.okafor", "PMO")
DEVELOPER = _member(3, "王芳", "wang.fang", "technical team")
TESTER = _member(4, "Jonas Weber", "jonas.weber", "technical team")
ARCHITECT = _member(5, "Zoë Núñez", "zoe.nunez", "technical team")
BUSINESS = _member(6, "张敏", "zhang.min", "business")
MARKETING = _member(7, "Aoife O'Brien", "aoife.obrien", "marketing")
CUSTOMER_SERVICE = _member(8, "陈静", "chen.jing", "customer service")
PRODUCT = _member(9, "Tomás Silva", "tomas.silva", "product management")
PEOPLE_OFFICE = _member(10, "刘洋", "liu.yang", "human resources")
IT_SUPPORT = _member(11, "Priya Raman", "priya.raman", "IT support")

CAST: tuple[Member, ...] = (
    LEAD,
    PMO,
    DEVELOPER,
    TESTER,
    ARCHITECT,
    BUSINESS,
    MARKETING,
    CUSTOMER_SERVICE,
    PRODUCT,
    PEOPLE_OFFICE,
    IT_SUPPORT,
)

TECHNICAL: tuple[Member, ...] = (DEVELOPER, TESTER, ARCHITECT)
