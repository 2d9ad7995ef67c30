"""Deliberate one-line faults, each of which some test must catch: `python -m tests.mutants [NAME ...]`.

A fault that survives means that nothing checks the promise which it breaks. Each runs in a copy of the project.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
COPIED = ("config", "connectors", "core", "tests", "deploy", "pyproject.toml", "README.md", "LICENSE")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault: in `file`, `old` (which must occur exactly once) becomes `new`; `tests` should then fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


SOURCE = ("tests/connectors/test_jira_source.py", "tests/connectors/test_jira_walk.py")
TARGET = ("tests/connectors/test_jira_target.py",)
OUTBOX = ("tests/publish/test_outbox.py", "tests/publish/test_machine.py")
TIES = ("tests/store/test_ties.py",)
MENTIONS = ("tests/connectors/test_github_map.py",)
PARTS = ("tests/connectors/test_github_parts.py",)
READING = ("tests/connectors/test_github_source.py",)
LOOKS = ("tests/connectors/test_github_looks.py",)
WRITER = ("tests/connectors/test_github_writer.py",)
GITHUB_TARGET = ("tests/connectors/test_github_target.py",)
SYNC = ("tests/sync/test_drain.py",)
PROJECTS = ("tests/test_projects.py",)
RUN = ("tests/daemon/test_run_ticking.py", "tests/daemon/test_run_days.py")
ICAL = ("tests/connectors/test_ical.py",)
FEED = ("tests/connectors/test_ics_source.py",)
GUARD = ("tests/connectors/test_guard.py",)
TRANSPORT = ("tests/connectors/test_transport.py",)
EVENTS = ("tests/store/test_events.py",)
CAPACITY = ("tests/plan/test_capacity.py",)
DASHBOARD = ("tests/dashboard/test_page.py", "tests/dashboard/test_escaping.py", "tests/dashboard/test_site.py")

MUTANTS: tuple[Mutant, ...] = (
    # --- connector: reading
    Mutant("no_overlap", "connectors/jira/walk.py", "since=started - OVERLAP_MS", "since=started", SOURCE),
    Mutant(
        "wide_is_not_wide",
        "connectors/jira/walk.py",
        "since=place.since - WIDE_MS, wide=True",
        "since=place.since, wide=True",
        SOURCE,
    ),
    Mutant("doubt_is_forgotten", "connectors/jira/walk.py", "        if not doubtful:\n", "        if True:\n", SOURCE),
    Mutant(
        "order_by_updated",
        "connectors/jira/fetch.py",
        "ORDER BY created ASC, id ASC",
        "ORDER BY updated ASC, id ASC",
        (*SOURCE, "tests/connectors/test_jira_eventually.py"),
    ),
    Mutant(
        "bulk_reads_one_page",
        "connectors/jira/histories.py",
        "            if not token:\n                return stories",
        "            if token or not token:\n                return stories",
        SOURCE,
    ),
    Mutant(
        "a_stranger_sees_an_empty_project",
        "connectors/jira/fetch.py",
        "if whole and first and batch.ended and not batch.found:",
        "if False and first and batch.ended and not batch.found:",
        SOURCE,
    ),
    Mutant(
        "cut_comments_are_taken_for_all",
        "connectors/jira/fetch.py",
        "len(page.comments) >= (page.total or 0)",
        "len(page.comments) >= 0",
        SOURCE,
    ),
    Mutant(
        "own_comments_are_read_back",
        "connectors/jira/fetch.py",
        "return reader.comments(told, ours)",
        "return reader.comments(told, None)",
        SOURCE,
    ),
    # --- connector: writing
    Mutant(
        "a_server_error_means_not_written",
        "connectors/jira/client.py",
        "        if status >= 500:\n            raise OutcomeUnknown(",
        "        if status >= 500:\n            raise WriteRefused(",
        TARGET,
    ),
    Mutant(
        "customers_are_written_to",
        "connectors/jira/write.py",
        "if project.project_type_key == SERVICE_DESK:",
        "if project.project_type_key == SERVICE_DESK and False:",
        TARGET,
    ),
    Mutant(
        "anybodys_marker_is_ours",
        "connectors/jira/write.py",
        "if _author(comment) == ours and self._carries",
        "if self._carries",
        TARGET,
    ),
    Mutant(
        "secrets_in_explanations",
        "connectors/jira/client.py",
        'line = line.replace(secret, "***")',
        "line = line.strip()",
        ("tests/connectors/test_jira_secrets.py",),
    ),
    Mutant(
        "peer_is_not_looked_at",
        "connectors/connections.py",
        "check_address(str(connection.sock.getpeername()[0]), private=private, plain=plain)",
        "str(connection.sock.getpeername()[0])",
        ("tests/connectors/test_transport.py",),
    ),
    # --- sync
    Mutant(
        "cursor_not_saved_with_its_page",
        "core/sync/drain.py",
        "        runs.save_cursor(connection, job.name, STREAM, page.cursor, job.scope, at)",
        "        pass",
        SYNC,
    ),
    Mutant(
        "full_is_not_full",
        "core/sync/drain.py",
        "        if full:\n            return {}",
        "        if False:\n            return {}",
        SYNC,
    ),
    Mutant(
        "scope_change_is_ignored",
        "core/sync/drain.py",
        "cursor = None if held is None or held[1] != job.scope else held[0]",
        "cursor = None if held is None else held[0]",
        SYNC,
    ),
    Mutant(
        "a_reading_that_was_broken_off_is_a_success",
        "core/sync/drain.py",
        "    if not complete:\n",
        "    if False:\n",
        SYNC,
    ),
    Mutant(
        "what_a_status_meant_before_is_forgotten",
        "core/store/lists.py",
        "earlier = (*earlier, (ended_at, known.category))",
        "earlier = ()",
        ("tests/store/test_items.py",),
    ),
    Mutant(
        "children_stay_where_they_were",
        "core/places.py",
        "while known and (below :=",
        "while not known and (below :=",
        ("tests/test_places.py",),
    ),
    Mutant(
        "a_clock_that_was_set_back_hides_writings",
        "core/store/pages.py",
        "return max(at, instant(last_writing(conn, source) + 1))",
        "return at",
        ("tests/store/test_items.py", "tests/test_projects.py"),
    ),
    Mutant(
        "months_without_a_run_are_lost",
        "core/projects.py",
        "if period.start_on not in measured:",
        "if False:",
        PROJECTS,
    ),
    Mutant(
        "a_server_that_hangs_holds_up_the_stop",
        "core/daemon/stopping.py",
        "        signal.setitimer(signal.ITIMER_REAL, PATIENCE)\n",
        "",
        ("tests/daemon/test_stopping.py",),
    ),
    Mutant(
        "meanings_are_never_derived_again",
        "core/sync/drain.py",
        "if runs.get_note(connection, job.name, MEANING_NOTE) == digest:",
        "if runs.get_note(connection, job.name, MEANING_NOTE) is not None:",
        SYNC,
    ),
    # --- the service
    Mutant(
        "turns_follow_the_process",
        "core/daemon/ticking.py",
        "at = reading.started_at + every + spread(source, reading.started_at, every)",
        "at = since + every + spread(source, reading.started_at, every)",
        RUN,
    ),
    Mutant("a_source_is_asked_too_early", "core/daemon/ticking.py", "else max(at, reading.not_before)", "else at", RUN),
    Mutant("who_is_busy_is_started_again", "core/daemon/ticking.py", " and source not in busy", "", RUN),
    Mutant(
        "what_was_read_is_not_held",
        "core/daemon/working.py",
        "                self._hold_at[project.id] = self._now()\n",
        "                pass\n",
        RUN,
    ),
    Mutant(
        "a_day_ends_unseen",
        "core/daemon/working.py",
        "min(now + HOLD_EVERY, job.calendar.end_of_day(job.calendar.day_of(now)))",
        "now + HOLD_EVERY",
        RUN,
    ),
    Mutant(
        "what_others_read_is_unknown",
        "core/daemon/working.py",
        "                    self._health.read_before(source, successes.get(source), failing=failed > 0)\n",
        "",
        RUN,
    ),
    Mutant("lateness_is_lost", "core/sync/drain.py", "drained.late = max(", "_ = max(", (*SYNC, *RUN)),
    Mutant(
        "secrets_are_logged",
        "core/daemon/journal.py",
        "lines = hidden(str(value)).splitlines()",
        "lines = str(value).splitlines()",
        ("tests/daemon/test_run_journal.py",),
    ),
    Mutant(
        "any_name_may_ask",
        "core/dashboard/hosts.py",
        "return name in hosts",
        "return True",
        ("tests/dashboard/test_site.py",),
    ),
    Mutant(
        "two_services_on_one_store",
        "core/daemon/running.py",
        "            if ours:\n",
        "            if True:\n",
        ("tests/daemon/test_run_service.py",),
    ),
    # --- projects: the past
    Mutant(
        "period_frozen_before_it_was_read",
        "core/projects.py",
        "< period.end_at + CLOSING_LAG for source",
        "< period.start_at for source",
        PROJECTS,
    ),
    Mutant(
        "frozen_as_of_now",
        "core/projects.py",
        'measurement, "pending" not in measurement.excluded)',
        "measurement, False)",
        PROJECTS,
    ),
    Mutant(
        "failed_source_is_not_stale",
        "core/projects.py",
        "else waited)",
        "else timedelta.max)",
        PROJECTS,
    ),
    Mutant(
        "silence_is_not_stale",
        "core/projects.py",
        "max(waited, STALE_AFTER)",
        "timedelta.max",
        PROJECTS,
    ),
    # --- ties
    Mutant(
        "an_issue_is_part_of_what_it_names",
        "core/store/ties.py",
        "and_(holder.c.kind == Kind.PULL_REQUEST.value, end.c.kind != Kind.PULL_REQUEST.value)",
        "end.c.kind != Kind.PULL_REQUEST.value",
        TIES,
    ),
    Mutant(
        "a_pull_request_is_part_of_another",
        "core/store/ties.py",
        "and_(holder.c.kind == Kind.PULL_REQUEST.value, end.c.kind != Kind.PULL_REQUEST.value)",
        "holder.c.kind == Kind.PULL_REQUEST.value",
        TIES,
    ),
    Mutant(
        "an_address_of_any_host_is_ours",
        "core/store/ties.py",
        "or _is_there(row[9], row[10])",
        "or row[9] != row[10]",
        TIES,
    ),
    Mutant(
        "templates_and_code_name_work",
        "connectors/github/mentions.py",
        "(*map(_said, texts), branch.upper())",
        "(*texts, branch.upper())",
        MENTIONS,
    ),
    Mutant(
        "branches_in_small_letters_name_nothing",
        "connectors/github/mentions.py",
        "branch.upper()",
        "branch",
        MENTIONS,
    ),
    Mutant(
        "repositories_have_capitals",
        "connectors/github/mentions.py",
        "spelt.get(github[1].casefold(), github[1])",
        "github[1]",
        MENTIONS,
    ),
    # --- GitHub: what is hidden, missing, too heavy, or changed twice in a second
    Mutant(
        "a_hidden_team_hides_everything",
        "connectors/github/client.py",
        " and not (envelope.data != NULL and hides_teams(envelope.errors))",
        "",
        PARTS,
    ),
    Mutant(
        "whatever_is_hidden_is_a_team",
        "connectors/github/failures.py",
        " and error.path[-1:] == [REVIEWER]",
        "",
        PARTS,
    ),
    Mutant(
        "hidden_teams_are_asked_for_each_time",
        "connectors/github/fetch.py",
        "lacks=inquiry.lacks)",
        "lacks=places.lacks)",
        PARTS,
    ),
    Mutant(
        "what_was_just_read_is_held",
        "connectors/github/walk.py",
        "fromtimestamp((read or 0) - DOUBT_S, UTC)",
        "fromtimestamp((read or 0) + DOUBT_S, UTC)",
        READING,
    ),
    Mutant(
        "who_writes_is_somebody_else",
        "connectors/github/map.py",
        "(text.viewer_did_author or _account_of(text.author) in self._writers)",
        "text.viewer_did_author",
        WRITER,
    ),
    Mutant(
        "items_by_id_come_in_hundreds",
        "connectors/github/picking.py",
        "rest, at_once = list(ids), size\n",
        "rest, at_once = list(ids), 100\n",
        PARTS,
    ),
    Mutant(
        "one_repository_starves_the_others",
        "connectors/github/fetch.py",
        "OWN = (NotThere, BadAnswer, NotAllowed, TooHeavy)",
        "OWN = (NotThere, BadAnswer)",
        PARTS,
    ),
    Mutant(
        "a_new_repository_that_is_missing_stops_all",
        "connectors/github/fetch.py",
        "                if len(some) > 1:\n",
        "                if not some:\n",
        PARTS,
    ),
    Mutant(
        "what_moved_to_a_page_before_is_missed",
        "connectors/github/desk.py",
        "range(last - 1, 0, -1)",
        "range(0)",
        GITHUB_TARGET,
    ),
    Mutant(
        "an_issue_may_go_anywhere",
        "connectors/github/dashboard.py",
        "if not written.repository_url.casefold().endswith(place.casefold()):",
        "if not written.number:",
        GITHUB_TARGET,
    ),
    Mutant(
        "a_link_that_ended_is_not_followed",
        "connectors/github/fetch.py",
        "            if pull.id in seen:\n",
        "            if not pull.id:\n",
        LOOKS,
    ),
    Mutant(
        "a_new_token_reads_everything_anew",
        "connectors/github/fetch.py",
        "polled.digest == place.digest",
        "polled.digest is place.etag",
        READING,
    ),
    Mutant(
        "programs_do_no_work",
        "connectors/github/timeline.py",
        "if name in self._people or name.endswith(BOT)]",
        "if name in self._people]",
        MENTIONS,
    ),
    Mutant(
        "a_null_is_a_broken_record",
        "connectors/github/batches.py",
        "            if raw == NULL:\n",
        "            if not raw:\n",
        PARTS,
    ),
    Mutant(
        "a_limit_has_a_type",
        "connectors/github/failures.py",
        ' or "rate limit" in words.casefold()',
        "",
        PARTS,
    ),
    Mutant(
        "another_account_is_noted_before_it_reads",
        "core/sync/drain.py",
        "                stranger = account\n",
        "                stranger = account\n                _note_account(store, job, account, now())\n",
        SYNC,
    ),
    Mutant(
        "what_is_missing_makes_each_reading_wide",
        "core/sync/drain.py",
        "        if saved:\n",
        "        if not store:\n",
        SYNC,
    ),
    Mutant(
        "a_token_that_was_refused_is_kept",
        "connectors/github/connections.py",
        "            _given.pop(self._name(self._login), None)\n",
        "            self._login.key.reveal()\n",
        ("tests/connectors/test_github_secrets.py",),
    ),
    Mutant(
        "one_of_two_unknown_is_all_of_them",
        "connectors/github/pulls.py",
        "elif reviewer == UNKNOWN and UNKNOWN in asked:",
        "elif reviewer == UNKNOWN and not asked:",
        MENTIONS,
    ),
    # --- publish
    Mutant(
        "sending_is_not_kept_before_the_call",
        "core/publish/errand.py",
        "                state=PublicationState.SENDING,",
        "                state=PublicationState.PENDING,",
        OUTBOX,
    ),
    Mutant(
        "unknown_is_sent_again_at_once",
        "core/publish/errand.py",
        "self._stop.is_set() or self._is_under_way(publication)",
        "self._stop.is_set()",
        OUTBOX,
    ),
    Mutant(
        "a_deleted_comment_is_posted_again",
        "core/publish/decision.py",
        "return publication if publication.remote_id is None else _muted(publication, DELETED)",
        "return replace(publication, remote_id=None)",
        OUTBOX,
    ),
    Mutant(
        "a_form_that_was_never_read_is_a_persons",
        "core/publish/decision.py",
        "return None if publication.remote_digest in (None, posted.edition) else EDITED",
        "return EDITED",
        OUTBOX,
    ),
    Mutant(
        "whatever_our_account_wrote_is_ours",
        "core/publish/decision.py",
        "return None if publication.remote_digest in (None, posted.edition) else EDITED",
        "return None",
        OUTBOX,
    ),
    Mutant(
        "an_older_state_is_learnt_after_a_write",
        "core/publish/errand.py",
        "if learned.state is not PublicationState.SENT or learned.remote_digest == before:",
        "if learned.state is not PublicationState.SENT:",
        OUTBOX,
    ),
    Mutant(
        "a_wish_to_have_a_comment_back_is_forgotten",
        "core/publish/decision.py",
        "return None if posted.ours or publication.sent_digest is None else ANOTHERS",
        "return None if posted.ours else ANOTHERS",
        OUTBOX,
    ),
    Mutant(
        "another_name_is_another_item",
        "core/publish/errand.py",
        "if item_id != (other.item_id or self._item_of(other)):",
        "if item_id:",
        OUTBOX,
    ),
    Mutant(
        "markers_of_earlier_versions_are_unknown",
        "core/publish/decision.py",
        "return {marker_of(project, source, topic), *(id_of(project, source, name, topic) for name in spellings)}",
        "return {marker_of(project, source, topic)}",
        OUTBOX,
    ),
    Mutant(
        "two_names_of_one_item_take_it_from_each_other",
        "core/publish/errand.py",
        "if (other.project, other.source, other.target, other.topic) in named:",
        "if False:",
        OUTBOX,
    ),
    Mutant(
        "whoever_took_the_name_is_written_to",
        "core/publish/errand.py",
        "self._resolved() != entry.item_id:",
        "entry.item_id is None:",
        OUTBOX,
    ),
    Mutant(
        "a_comment_wanted_back_goes_to_whoever_took_the_name",
        "core/publish/errand.py",
        "if (unmuted or entry.remote_id is None) and",
        "if entry.remote_id is None and",
        OUTBOX,
    ),
    Mutant(
        "another_item_is_taken_before_anybody_was_told",
        "core/publish/errand.py",
        "not (anew and entry.error == ANOTHER_ITEM)",
        "not anew",
        OUTBOX,
    ),
    Mutant(
        "writing_does_not_wait_for_reading",
        "core/store/runs.py",
        "bounds = [] if last is None or last.not_before is None else [last.not_before]",
        "bounds = list[datetime]()",
        (*OUTBOX, "tests/store/test_runs.py"),
    ),
    Mutant(
        "reading_does_not_wait_for_writing",
        "core/store/runs.py",
        'Run(**{**row._mapping, "not_before": not_before(conn, row.source)})',
        "Run(**row._mapping)",
        (*OUTBOX, "tests/store/test_runs.py"),
    ),
    Mutant(
        "nobody_looks_while_nothing_changes",
        "core/publish/ledger.py",
        "return entry.item_id is None or self.item_updated_at() not in (None, entry.item_updated_at)",
        "return False",
        OUTBOX,
    ),
    Mutant(
        "every_quiet_cycle_looks",
        "core/publish/errand.py",
        "learned = replace(learned, item_updated_at=as_of)",
        "learned = replace(learned, item_updated_at=None)",
        OUTBOX,
    ),
    Mutant(
        "a_refused_edit_of_ours_posts_another",
        "core/publish/errand.py",
        "return self._target.find(publication.target, self._ledger.markers()) is None",
        "return True",
        OUTBOX,
    ),
    Mutant(
        "people_are_sent_to_the_gateway",
        "connectors/jira/questions.py",
        "if not urlsplit(url).path.startswith(GATEWAY_PATH):",
        "if True:",
        TARGET,
    ),
    Mutant(
        "two_processes_write_over_each_other",
        "core/publish/ledger.py",
        "if outbox.get(connection, *self._key) != self.publication:",
        "if False:",
        OUTBOX,
    ),
    # --- store
    Mutant(
        "sqlite_power_failure",
        "core/store/engine.py",
        '"synchronous=FULL"',
        '"synchronous=NORMAL"',
        ("tests/store/test_engine.py",),
    ),
    Mutant(
        "writers_do_not_take_the_lock_first",
        "core/store/engine.py",
        '"BEGIN IMMEDIATE" if writes else "BEGIN"',
        '"BEGIN"',
        ("tests/store/test_engine.py",),
    ),
    Mutant(
        "held_without_its_history",
        "core/store/items.py",
        "in rows if history and comments}",
        "in rows}",
        ("tests/store/test_items.py",),
    ),
    Mutant(
        "frozen_may_be_overwritten",
        "core/store/results.py",
        "if stored is not None and stored[_FROZEN]:",
        "if False:",
        ("tests/store/test_results.py",),
    ),
    Mutant(
        "comments_that_are_gone_stay",
        "core/store/pages.py",
        "[*standing.values(), *gone]",
        "[*standing.values(), *stored]",
        ("tests/store/test_items.py",),
    ),
    # --- history, plan, kpi
    Mutant(
        "reopening_restarts_nothing",
        "core/history/spans.py",
        "                reopened += left_counts\n                run_at = None",
        "                reopened += left_counts",
        ("tests/history/test_spans.py",),
    ),
    Mutant(
        "due_day_is_exclusive",
        "core/kpi/progress.py",
        "value=state.finished_at is not None and state.finished_at < due_at",
        "value=state.finished_at is not None and state.finished_at.date() < due_on",
        ("tests/kpi/test_progress.py",),
    ),
    Mutant(
        "pending_counts",
        "core/kpi/progress.py",
        "if problem.finished_at is None and clock <= rule.limit:",
        "if False:",
        ("tests/kpi/test_progress.py",),
    ),
    Mutant(
        "zero_weeks_are_dropped",
        "core/kpi/flow.py",
        "            counts.append(0.0)\n",
        "            pass\n",
        ("tests/kpi/test_flow.py",),
    ),
    Mutant(
        "overdue_on_the_day_itself",
        "core/plan/reconcile.py",
        "    overdue = due_on < today",
        "    overdue = due_on <= today",
        ("tests/plan/test_reconcile.py",),
    ),
    Mutant(
        "parents_count_too",
        "core/plan/state.py",
        "units = [work for work in works if not is_parent(work, parents)]",
        "units = list(works)",
        ("tests/plan/test_state.py",),
    ),
    # --- config
    Mutant("send_by_default", "config/settings.py", '] = "preview"', '] = "send"', ("tests/config/test_load.py",)),
    Mutant(
        "a_bomb_is_read",
        "config/marked.py",
        "if self.values > MOST_VALUES:",
        "if self.values > 1000 * MOST_VALUES:",
        ("tests/config/test_hostile_files.py",),
    ),
    # --- the past again, and what is claimed
    Mutant(
        "frozen_by_todays_plan",
        "core/projects.py",
        "plan = _plan_at(connection, job, period.end_at)",
        "plan = _plan_at(connection, job, at)",
        PROJECTS,
    ),
    Mutant(
        "pending_is_frozen",
        "core/projects.py",
        'if "pending" in ending.excluded else ending',
        "if False else ending",
        PROJECTS,
    ),
    Mutant("a_limit_is_not_kept", "core/sync/drain.py", "and started_at < last.not_before:", "and False:", SYNC),
    Mutant("another_account_reads_on", "core/sync/drain.py", "if full or stranger is not None:", "if full:", SYNC),
    Mutant(
        "nobody_claims_the_outbox",
        "core/publish/outbox.py",
        'self._stack.enter_context(self._store.claim("publish"))',
        "True",
        OUTBOX,
    ),
    # --- calendars and the address guard
    Mutant(
        "identity_by_where_it_was_moved",
        "connectors/calendars/series.py",
        "self.start - adapter.move_recurrences_by if moved else self.start",
        "self.start",
        ICAL,
    ),
    Mutant(
        "an_unknown_zone_is_not_told",
        "connectors/calendars/entries.py",
        "            self.guessed = True",
        "            self.guessed = False",
        ICAL,
    ),
    Mutant(
        "a_cut_feed_is_whole",
        "connectors/calendars/lines.py",
        "        if not self.ended:\n            raise",
        "        if False:\n            raise",
        ICAL,
    ),
    Mutant("a_new_stamp_is_a_change", "connectors/calendars/lines.py", '{"DTSTAMP", "CREATED", ', "{", FEED),
    Mutant("the_window_stands_still", "connectors/calendars/ics.py", "place.day != day:", "False:", FEED),
    Mutant(
        "only_the_first_address_is_checked",
        "connectors/addresses.py",
        "    for address in found:\n        check_address",
        "    for address in found[:1]:\n        check_address",
        GUARD,
    ),
    Mutant(
        "credentials_follow_to_another_host",
        "connectors/httpclient.py",
        "if name.lower() not in SECRET_HEADERS",
        "if True",
        GUARD,
    ),
    Mutant("redirects_go_down_to_http", "connectors/httpclient.py", 'if there.scheme != "https":', "if False:", GUARD),
    Mutant(
        "a_crowd_is_written_out_each_day", "connectors/calendars/ical.py", "if said > limits.said:", "if False:", ICAL
    ),
    Mutant(
        "crowds_are_not_added_up",
        "connectors/calendars/ical.py",
        "if desk.said + said > limits.said_in_all:",
        "if False:",
        ICAL,
    ),
    Mutant(
        "an_outcome_of_any_size_is_read",
        "connectors/calendars/reading.py",
        "if len(output) > MOST_OUTPUT:",
        "if False:",
        ("tests/connectors/test_ics_source.py::test_an_outcome_that_is_too_large_is_not_read",),
    ),
    Mutant(
        "bombs_are_not_added_up",
        "connectors/calendars/program.py",
        "left -= time.process_time() - begun",
        "left -= 0",
        ("tests/connectors/test_ics_source.py::test_many_bombs_cost_themselves_alone",),
    ),
    Mutant(
        "the_year_one_is_computed_with",
        "connectors/calendars/entries.py",
        "    if time.year not in YEARS:",
        "    if False:",
        ICAL,
    ),
    Mutant("an_endless_uid_is_kept", "connectors/calendars/entries.py", "if len(uid) > LONGEST_UID or ", "if ", ICAL),
    Mutant(
        "a_uid_may_be_a_name_of_ours",
        "connectors/calendars/entries.py",
        " or _OF_OUR_MAKING.fullmatch(uid):",
        ":",
        ICAL,
    ),
    Mutant(
        "an_exception_takes_out_what_was_moved",
        "connectors/calendars/series.py",
        "_without_moved(masters[start], own)",
        "masters[start]",
        ICAL,
    ),
    Mutant(
        "an_end_before_its_start",
        "connectors/calendars/series.py",
        "max(starts_at, end.astimezone(UTC))",
        "end.astimezone(UTC)",
        ICAL,
    ),
    Mutant(
        "unused_zones_are_worked_out",
        "connectors/calendars/zones.py",
        "                    _check(block)\n",
        "                    _define(block)\n",
        ICAL,
    ),
    Mutant(
        "any_mark_is_sent_back",
        "connectors/calendars/ics.py",
        "return value if VALIDATOR.fullmatch(value) else None",
        "return value or None",
        ("tests/connectors/test_ics_source.py::test_a_mark_that_cannot_be_sent_back_is_not_kept",),
    ),
    Mutant("drips_are_waited_for", "connectors/patience.py", "if now >= self._until:", "if False:", GUARD),
    Mutant(
        "a_stop_waits_for_drips",
        "connectors/patience.py",
        "if self._stop is not None and self._stop.is_set():",
        "if False:",
        GUARD,
    ),
    Mutant(
        "a_stop_breaks_off_writes",
        "connectors/connections.py",
        'self.ended_by if method == "GET" else None',
        "self.ended_by",
        TRANSPORT,
    ),
    Mutant(
        "what_follows_a_packed_answer_is_passed_over",
        "connectors/httpclient.py",
        "if unpack.eof and (left or unpack.unused_data):",
        "if False:",
        GUARD,
    ),
    Mutant(
        "a_moved_series_stands_twice",
        "core/store/events.py",
        "absent = [key for key in gone if key[_UID] not in there]",
        "absent = gone",
        EVENTS,
    ),
    Mutant(
        "a_loss_shrinks_by_what_comes", "core/store/events.py", "min(held, int(first_held or held))", "held", EVENTS
    ),
    Mutant("what_cannot_be_read_is_gone", "core/store/events.py", " and key[_UID] not in unread]", "]", EVENTS),
    Mutant("set_aside_for_ever", "core/store/lists.py", "    if whole:", "    if False:", EVENTS),
    Mutant(
        "numbers_are_names_for_a_proxy",
        "connectors/addresses.py",
        "return socket.inet_ntoa(socket.inet_aton(host))",
        "return None",
        TRANSPORT,
    ),
    Mutant(
        "webcal_is_no_secret", "config/secret.py", ", *_parts_of_address(line)}", "}", ("tests/config/test_secret.py",)
    ),
    Mutant(
        "libraries_log_addresses",
        "connectors/httpclient.py",
        "    return False\n\n\nfor",
        "    return True\n\n\nfor",
        GUARD,
    ),
    # --- the web page
    Mutant("page_escapes_nothing", "core/dashboard/render.py", "autoescape=True", "autoescape=False", DASHBOARD),
    Mutant(
        "page_shows_the_unseen", "core/dashboard/render.py", "return visible(value) if", "return value if", DASHBOARD
    ),
    Mutant(
        "page_links_anything",
        "core/dashboard/render.py",
        'templates.filters["address"] = web_address',
        'templates.filters["address"] = str',
        DASHBOARD,
    ),
    Mutant("page_takes_posts", "core/dashboard/site.py", 'not in {"GET", "HEAD"}', "in set()", DASHBOARD),
    Mutant("page_is_written_in_place", "core/dashboard/files.py", "partial = folder /", "partial = path or", DASHBOARD),
    Mutant(
        "page_has_a_verdict_of_its_own",
        "core/dashboard/page.py",
        "judged = status.verdict(about, language)",
        "judged = status.verdict(type(about)(name=about.name, period=about.period), language)",
        DASHBOARD,
    ),
    Mutant(
        "trend_is_upside_down",
        "core/dashboard/trend.py",
        "HEIGHT - EDGE - (HEIGHT - 2 * EDGE)",
        "EDGE + (HEIGHT - 2 * EDGE)",
        DASHBOARD,
    ),
    # --- capacity
    Mutant(
        "one_absence_is_enough",
        "core/plan/capacity.py",
        "here = calendar.working_seconds(begin, end, away or ())",
        "here = calendar.working_seconds(begin, end, (away or ())[:1])",
        CAPACITY,
    ),
    Mutant(
        "who_declined_is_away",
        "core/plan/absences.py",
        "if one.email and one.response is not Response.DECLINED}",
        "if one.email}",
        CAPACITY,
    ),
    Mutant(
        "cancelled_absences_count",
        "core/plan/absences.py",
        "if event.away and event.busy and event.status is not EventStatus.CANCELLED:",
        "if event.away and event.busy:",
        CAPACITY,
    ),
    Mutant(
        "free_time_is_absence",
        "core/plan/absences.py",
        "if event.away and event.busy and event.status",
        "if event.away and event.status",
        CAPACITY,
    ),
    Mutant(
        "whole_days_are_the_calendars",
        "core/plan/absences.py",
        "if event.first_on is not None and event.last_on is not None:",
        "if False and event.first_on is not None and event.last_on is not None:",
        CAPACITY,
    ),
    Mutant(
        "accounts_are_nobody",
        "core/plan/absences.py",
        "found.setdefault(joined.get((event.source, account), account), [])",
        "found.setdefault(account, [])",
        CAPACITY,
    ),
    Mutant(
        "allocation_is_forgotten", "core/plan/capacity.py", "available += here * share", "available += here", CAPACITY
    ),
    Mutant(
        "a_person_is_there_twice",
        "core/plan/capacity.py",
        "for one in there), 1.0)",
        "for one in there), 9.0)",
        CAPACITY,
    ),
    Mutant(
        "each_date_by_itself",
        "core/plan/capacity.py",
        "for one in self.owned if one.entry.due_on <= until_on and one.seconds is not None",
        "for one in self.owned if one.entry.due_on == until_on and one.seconds is not None",
        CAPACITY,
    ),
    Mutant(
        "what_is_earned_is_needed_again",
        "core/plan/capacity.py",
        "share = 1 - state.finished_items / state.items if state.items else 1.0",
        "share = 1.0",
        CAPACITY,
    ),
    Mutant(
        "overdue_is_told_twice",
        "core/plan/capacity.py",
        "for day in dates if today <= day <= today + AHEAD",
        "for day in dates if day <= today + AHEAD",
        CAPACITY,
    ),
    Mutant(
        "away_is_told_twice",
        "core/plan/capacity.py",
        "standing in UNFINISHED and entry.id not in told",
        "standing in UNFINISHED",
        CAPACITY,
    ),
    Mutant(
        "without_a_calendar_all_is_available",
        "core/plan/capacity.py",
        "away = None if absences is None else absences.get(person.who, ())",
        "away = () if absences is None else absences.get(person.who, ())",
        CAPACITY,
    ),
    Mutant(
        "late_is_forgotten",
        "core/dashboard/timeline.py",
        "until = line.finished_on or today",
        "until = today",
        DASHBOARD,
    ),
    # --- deliverables
    Mutant(
        "any_finding_is_called_critical",
        "core/report/status.py",
        "findings_in_order(inputs)[: min(worst, MOST_KEYS)]",
        "findings_in_order(inputs)[:MOST_KEYS]",
        ("tests/report/test_status.py",),
    ),
    Mutant(
        "the_date_of_a_finding_does_not_count",
        "core/report/urgency.py",
        'about = next(dates, "~")',
        'about = "~"',
        ("tests/report/test_urgency.py",),
    ),
    Mutant(
        "a_clock_set_back_is_not_seen",
        "core/daemon/running.py",
        "if before - ahead > look:",
        "if ahead - before > look:",
        ("tests/daemon/test_run_clock.py",),
    ),
    Mutant(
        "the_rebuilt_past_is_called_frozen",
        "core/projects.py",
        "Basis.HISTORY if kept and period.end_at <= kept[0].saved_at else Basis.FROZEN",
        "Basis.FROZEN",
        PROJECTS,
    ),
    Mutant(
        "the_past_begins_with_the_installation",
        "core/projects.py",
        "*([begun_on] if begun_on else [])",
        "*()",
        PROJECTS,
    ),
    Mutant(
        "a_milestone_knows_nothing_of_its_overdue_deliverables",
        "core/report/status.py",
        'elif entry == "deliverable" and finding.subject in parts and finding.kind == OVERDUE:',
        "elif False:",
        ("tests/report/test_status.py",),
    ),
    Mutant(
        "a_milestone_is_as_risky_as_the_mildest_of_its_deliverables",
        "core/report/status.py",
        "_TONES[min(severities, key=SEVERITIES.index)]",
        "_TONES[max(severities, key=SEVERITIES.index)]",
        ("tests/report/test_status.py",),
    ),
    Mutant(
        "an_overdue_deliverable_is_folded_away",
        "core/dashboard/deliverables.py",
        "shown = max(urgent, MOST_OPEN)",
        "shown = MOST_OPEN",
        ("tests/dashboard/test_deliverables.py",),
    ),
    Mutant(
        "deliverables_are_stored_without_their_milestone",
        "core/projects.py",
        "            milestone=entry.promise.milestone,\n",
        "            milestone=None,\n",
        ("tests/test_held_plan.py",),
    ),
)


def survives(mutant: Mutant) -> bool:
    """Whether the tests pass with the fault in place.

    Raises ValueError when the fault no longer fits the code, and RuntimeError when the tests could not be run.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name in COPIED:
            source, copy = ROOT / name, Path(folder) / name
            if source.is_dir():
                shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.exists():
                shutil.copy(source, copy)
        path = Path(folder) / mutant.file
        text = path.read_text(encoding="utf-8")
        if text.count(mutant.old) != 1:
            raise ValueError(f"{mutant.name}: {mutant.old!r} occurs {text.count(mutant.old)} times in {mutant.file}")
        path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
        run = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *mutant.tests]
        done = subprocess.run(
            run, cwd=folder, env={**os.environ, "PYTHONPATH": folder}, capture_output=True, check=False
        )
        if done.returncode not in (0, 1):  # 1: tests ran and some failed. Anything else tells nothing about the fault.
            raise RuntimeError(f"{mutant.name}: the tests could not be run: {done.stdout.decode()[-500:]}")
        return done.returncode == 0


def main(names: list[str]) -> int:
    """Try the faults and print a line for each. Returns how many survived."""
    chosen = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    survivors = 0
    for mutant in chosen:
        survived = survives(mutant)
        survivors += survived
        print(f"{'SURVIVED' if survived else 'caught  '}  {mutant.name}", flush=True)
    print(f"{len(chosen) - survivors} caught, {survivors} survived")
    return survivors


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
