"""What to do about a publication, decided from what we know of it: pure, and before anything is done."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from core.model import Publication, PublicationState
from core.ports import Posted

DELETED = "a person deleted our comment, so it is not posted again"
EDITED = "a person or another installation edited our comment, so it is left as it is"
ANOTHERS = "our comment was written by another account than the one that we use now, so it is left as it is"
ANOTHER_ITEM = (
    "its name belongs to another item now than the one that this was meant for: write under `publish:` what that one is"
    " called now; where this one is meant, run `planward publish --unmute`"
)
IN_DOUBT = frozenset({PublicationState.SENDING, PublicationState.UNKNOWN})
"""States in which a write of ours may or may not have been applied."""


class Action(StrEnum):
    """NOTHING: what should stand there does. LEAVE: muted or refused before. PREVIEW: to be shown, not sent.

    WAIT: the target told us to. LOOK: a write is in doubt. CREATE, EDIT: to be sent, after looking. UNMUTE: to be sent
    whatever a person made of our comment, because a person asked for it.
    """

    NOTHING = "nothing"
    LEAVE = "leave"
    PREVIEW = "preview"
    WAIT = "wait"
    LOOK = "look"
    CREATE = "create"
    EDIT = "edit"
    UNMUTE = "unmute"


QUIET = frozenset({Action.NOTHING, Action.LEAVE, Action.PREVIEW})
"""Actions that do not call the target."""


def marker_of(project: str, source: str, topic: str) -> str:
    """The 26 letters and digits by which a publication is known among the comments of its item.

    Made from what it is about and not by chance: a lost or restored database finds its old comment again. Not from the
    item's name, which changes while the item stays the same.
    """
    return _fingerprint("v2", project, source, topic)


def id_of(project: str, source: str, target: str, topic: str) -> str:
    """The 26 letters and digits that identify a publication in the store.

    They were its marker as well when the name of the target was still part of that.
    """
    return _fingerprint("v1", project, source, target, topic)


def markers_of(project: str, source: str, targets: Collection[str], topic: str) -> set[str]:
    """All markers that our comment may carry on an item that these names are or were given to."""
    spellings = {spelling for target in targets for spelling in (target, target.upper(), target.lower())}
    return {marker_of(project, source, topic), *(id_of(project, source, name, topic) for name in spellings)}


def _fingerprint(*words: str) -> str:
    about = "\0".join(("planward", *words))
    return base64.b32encode(hashlib.sha256(about.encode()).digest())[:26].decode().lower()


def decide(
    publication: Publication | None,
    digest: str,
    *,
    send: bool,
    again: bool,
    unmute: bool,
    not_before: datetime | None,
    now: datetime,
) -> Action:
    """The next step towards `digest` standing at the target.

    A person may ask that what was refused is tried once more (`again`) and that what is muted is not (`unmute`).
    Nothing that calls the target comes before `not_before`.
    """
    action = _step(publication, digest, send=send, again=again and send, unmute=unmute and send)
    return Action.WAIT if action not in QUIET and not_before is not None and now < not_before else action


def _step(publication: Publication | None, digest: str, *, send: bool, again: bool, unmute: bool) -> Action:
    if publication is None:
        step = Action.CREATE
    elif publication.state is PublicationState.MUTED:
        step = Action.UNMUTE if unmute else Action.LEAVE
    elif publication.state in IN_DOUBT:
        step = Action.LOOK
    elif publication.state is PublicationState.FAILED and publication.digest == digest and not again:
        step = Action.LEAVE
    elif publication.sent_digest == digest:
        step = Action.NOTHING
    else:
        step = Action.CREATE if publication.remote_id is None else Action.EDIT
    return step if send or step in {Action.LEAVE, Action.NOTHING} else Action.PREVIEW


def learn(publication: Publication, posted: Posted | None) -> Publication:
    """The publication in the light of what stands at the target, None where nothing of ours does.

    A write in doubt whose effect is seen is SENT; one whose effect is not seen stays in doubt. A comment that somebody
    else edited or deleted makes the publication MUTED. A comment of ours that we did not know of (the database was lost
    or is an older one) becomes known, its content not.
    """
    if posted is None:
        return publication if publication.remote_id is None else _muted(publication, DELETED)
    known = replace(publication, remote_id=posted.remote_id)
    if (why := _not_ours(publication, posted)) is not None:
        return _muted(known, why)
    seen = replace(known, remote_digest=posted.digest)
    if publication.remote_id is not None and posted.digest == publication.remote_digest:
        return seen
    if publication.state in IN_DOUBT:
        return replace(seen, state=PublicationState.SENT, sent_digest=publication.digest, error=None)
    if publication.remote_id is None:
        return replace(seen, state=PublicationState.PENDING, sent_digest=None)
    return seen


def _not_ours(publication: Publication, posted: Posted) -> str | None:
    """Why what stands there is not to be written over, such as that a person made it of our comment; or None."""
    if publication.remote_id is not None and posted.digest == publication.remote_digest:
        # We know of it. Where nothing of ours was sent, it is what a person told us to write over.
        return None if posted.ours or publication.sent_digest is None else ANOTHERS
    if not posted.ours:
        return EDITED
    if publication.state in IN_DOUBT or publication.remote_id is None:
        return None
    # Our account wrote it last, but not as we know it. Where its form was not read since we wrote it that says nothing,
    # for the target may keep a text otherwise than it came. Then the edition tells: whoever edits it later, be it with
    # our own account, makes another one. Where the target tells no editions we take it for ours: better to write over
    # what somebody did in our name meanwhile than to fall silent for ever at a form that is the target's own.
    return None if publication.remote_digest in (None, posted.edition) else EDITED


def unmute(publication: Publication, posted: Posted | None) -> Publication:
    """A muted publication that a person wants back: what stands there now may be written over, if anything does."""
    return replace(
        publication,
        state=PublicationState.PENDING,
        remote_id=None if posted is None else posted.remote_id,
        remote_digest=None if posted is None else posted.digest,
        sent_digest=None,
        error=None,
    )


def _muted(publication: Publication, why: str) -> Publication:
    return replace(publication, state=PublicationState.MUTED, error=why)
