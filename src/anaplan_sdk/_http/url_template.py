"""Paths with placeholders for ids, of which there are few: for names of spans and metrics."""

from __future__ import annotations

PLACEHOLDER = "{id}"

_PREFIXES = (
    "/2/0",
    "/admin/1/0",
    "/api/v2305.1",
    "/audit/api/1",
    "/cloudworks/2/0",
    "/scim/1/0/v2",
)
# All segments of the paths of Anaplan's APIs that are not parameters.
_WORDS = """
Dimensions ResourceTypes Schemas ServiceProviderConfig Users actions admins alm anaplanModels
appliedToModels auth authenticate authorize batch bulkDeleteModels cancel chunks close code
comparisonReportTasks comparisonReports complete connections currentPeriod dashboards data
device dimensions dump dumps events exception-users export exports files fiscalYear import
imports integrationflows integrations items latestRevision lineItems lists logout me metadata
modelCalendar models modules notification oauth odata onlineStatus open optimizeActions pages
permissions prelogin preview process processes readRequests refresh resetIndex revisions roles
run runerror runs schedule search solutionLogs start state status stop summaryReportTasks
summaryReports switchover syncTasks syncableRevisions tasks token user users validate versions
views visitors workspaces
"""
_SEGMENTS = frozenset(_WORDS.split())
# The longest path of Anaplan's APIs has 11 segments.
_MOST_SEGMENTS = 16


def url_template(path: str) -> str:
    """Return a path in which everything but the words of Anaplan's APIs is `{id}`.

    Several placeholders that follow each other are one, since the name of a folder may have any
    number of segments.

    Args:
        path: The path of a URL, as it is sent.

    Returns:
        The template, which contains nothing else of the path.
    """
    prefix = next((each for each in _PREFIXES if path.startswith(f"{each}/")), "")
    segments: list[str] = []
    for segment in path[len(prefix) :].split("/", _MOST_SEGMENTS)[1:]:
        word = segment if segment in _SEGMENTS or not segment else PLACEHOLDER
        if word != PLACEHOLDER or segments[-1:] != [PLACEHOLDER]:
            segments.append(word)
    return "/".join([prefix, *segments])
