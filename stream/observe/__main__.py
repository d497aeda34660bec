"""`python -m stream.observe`: write the reference page of the metrics."""

from __future__ import annotations

from pathlib import Path

from stream.observe.reference import PAGE, reference

Path(PAGE).write_text(reference(), encoding="utf-8")
