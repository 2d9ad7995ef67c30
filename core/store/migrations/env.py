"""Runs the steps on the connection, and within the transaction, that `core.store.schema` hands over."""

from __future__ import annotations

from alembic import context

from core.store.tables import metadata

# SQLite cannot alter a table in place: Alembic copies it, which needs the constraints' names.
context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
