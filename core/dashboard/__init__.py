"""Web pages over stored numbers, read only: one a project, and one that leads to them where there are several."""
