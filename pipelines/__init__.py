"""Prefect flows over the plain functions of videoindex."""

from __future__ import annotations

import os

# Set before Prefect is imported: it reads them once. A user's own settings win.
os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
os.environ.setdefault("PREFECT_LOGGING_TO_API_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
