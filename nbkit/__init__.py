"""nbkit: run Databricks-style notebook jobs in plain Jupyter."""

from __future__ import annotations

__version__ = "0.1.0"
