"""Every layer, block, stem, stage, head, template and data set: one declaration each."""

from explorer.catalog import blocks, layers  # noqa: F401  (they declare their kinds)
from explorer.catalog.kind import CATEGORIES, KINDS, Kind, Mismatch, Param

__all__ = ["CATEGORIES", "KINDS", "Kind", "Mismatch", "Param"]
