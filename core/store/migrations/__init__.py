"""The steps that bring a store's schema up to this program's, one module each in `versions`.

The newest revision is written down here as well, because comparing a text costs nothing while importing Alembic costs
every command 0.4 s; a test keeps the two alike. A change of the views needs a revision too, though an empty one: the
views are made anew whenever steps were taken.
"""

from __future__ import annotations

REVISIONS = ("0001", "0002", "0003", "0004")
HEAD = REVISIONS[-1]
