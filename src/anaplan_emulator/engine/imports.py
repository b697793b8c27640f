"""Imports: find and read the uploaded file, stage and apply its rows, and write the dump."""

from collections.abc import Iterable
from itertools import islice

from anaplan_emulator.engine import file_contents
from anaplan_emulator.engine.action_results import (
    ActionFailed,
    ActionResult,
    Detail,
    NotDescribedError,
)
from anaplan_emulator.engine.action_run import ActionRun
from anaplan_emulator.engine.file_contents import Content, File
from anaplan_emulator.engine.list_import import ListImport
from anaplan_emulator.engine.module_import import ModuleImport
from anaplan_emulator.engine.source_file import RowBatch, SourceFile
from anaplan_emulator.engine.spool import Spool
from anaplan_emulator.tenant.action_definitions import ImportDefinition, ListTarget, ModuleTarget
from anaplan_emulator.tenant.file_format import FileFormat

# With larger batches Python's garbage collector takes the rows for long-lived objects, and
# collects everything several times during a large import.
_ROWS_PER_BATCH = 500
_BATCHES_PER_REPORT = 4


def run_import(run: ActionRun, import_id: str, definition: ImportDefinition) -> ActionResult:
    """Run an import from an uploaded file.

    Rows are checked and staged outside of any transaction and then applied in one, so that the
    model never shows half of an import, and other writers wait only while it is applied.
    """
    try:
        target = _described_target(definition)
        file, content = _find_upload(run, definition)
        details, has_dump = _import(run, import_id, definition, target, file, content)
    except ActionFailed as failure:
        _delete_dump(run, import_id)
        general = Detail(_general_failure(definition, failure), f"{definition.name} failed")
        details = [failure.detail]
        if general.type != failure.detail.type:
            details.insert(0, general)
        return ActionResult(import_id, definition.name, successful=False, details=details)
    return ActionResult(import_id, definition.name, True, details, failure_dump=has_dump)


def _described_target(definition: ImportDefinition) -> ListTarget | ModuleTarget:
    if not definition.file:
        raise NotDescribedError(definition.name, "it has no `file` to read")
    if definition.target is None:
        raise NotDescribedError(definition.name, "it has no `target` that maps columns")
    return definition.target


def _import(
    run: ActionRun,
    import_id: str,
    definition: ImportDefinition,
    target: ListTarget | ModuleTarget,
    file: File,
    content: Content,
) -> tuple[list[Detail], bool]:
    db = run.session.db
    file_format = file.file_format or FileFormat()
    source = SourceFile(file_contents.read_all(db, content), file_format)
    importer: ListImport | ModuleImport
    if isinstance(target, ListTarget):
        importer = ListImport(run, import_id, target, source, file_format.decimal_separator)
    else:
        importer = ModuleImport(run, import_id, target, source, file_format.decimal_separator)
    total = file_contents.size(db, content) or 1
    batches = source.batches(_ROWS_PER_BATCH)
    while _stage(run, importer, islice(batches, _BATCHES_PER_REPORT)):
        run.progress(0.9 * source.bytes_read / total, f"Importing {definition.name}")
    spool = Spool(db, run.chunk_bytes, quote="all")
    if importer.errors.rows:
        importer.errors.dump(source.header, spool, with_status=isinstance(importer, ListImport))
    spool.close()
    run.progress(0.95, f"Applying {definition.name}")
    with run.session.transaction():
        importer.apply(db)
        file_contents.mark_used(db, content.key, run.now())
        db.execute(_DELETE_DUMP, (run.model, import_id, run.user_id))
        if importer.errors.rows:
            spool.publish("dump_chunks", _insert_dump(run, import_id))
    return importer.details(), importer.errors.rows > 0


def _stage(
    run: ActionRun, importer: ListImport | ModuleImport, batches: Iterable[RowBatch]
) -> bool:
    """Stage batches together, and return whether there were any."""
    any_rows = False
    with run.session.batch():
        for batch in batches:
            importer.stage(batch)
            any_rows = True
    return any_rows


def _find_upload(run: ActionRun, definition: ImportDefinition) -> tuple[File, Content]:
    db = run.session.db
    file = file_contents.file_by_name(db, run.model, definition.file)
    content = file_contents.content_of(db, file, run.user_id, run.now()) if file else None
    if file is None or content is None or not file_contents.is_complete(db, content):
        raise ActionFailed(
            "uploadedFileNoLongerAvailable",
            f"The uploaded file {definition.file} is no longer available: upload it again",
        )
    return file, content


def _general_failure(definition: ImportDefinition, failure: ActionFailed) -> str:
    if failure.detail.type in ("uploadedFileNoLongerAvailable", "importFailedGeneralError"):
        return failure.detail.type
    if definition.import_type == "HIERARCHY_DATA":
        return "hierarchyImportFailed"
    return "moduleImportFailed"


_DELETE_DUMP = "DELETE FROM dumps WHERE model = ? AND object_id = ? AND user_id = ?"


def _delete_dump(run: ActionRun, import_id: str) -> None:
    with run.session.transaction() as db:
        db.execute(_DELETE_DUMP, (run.model, import_id, run.user_id))


def _insert_dump(run: ActionRun, import_id: str) -> int:
    row = run.session.db.execute(
        "INSERT INTO dumps (model, object_id, user_id, task_id, used_at) VALUES (?, ?, ?, ?, ?)"
        " RETURNING key",
        (run.model, import_id, run.user_id, run.task_id, run.now()),
    ).fetchone()
    return int(row["key"])
