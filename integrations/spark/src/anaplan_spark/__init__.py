"""Anaplan as a data source of Spark: `spark.read.format("anaplan")`."""

from __future__ import annotations

from anaplan_spark.data_source import AnaplanDataSource
from anaplan_spark.preparation import prepare_export, prepare_list, prepare_view

__all__ = ["AnaplanDataSource", "prepare_export", "prepare_list", "prepare_view"]
