"""Running an import: find the upload, read it, stage and apply its rows, write the dump."""

from itertools import islice

from anaplan_emulator.engine import contents
from anaplan_emulator.engine.contents import Content, File
from anaplan_emulator.engine.definitions import ImportDefinition, ListTarget
from anaplan_emulator.engine.list_import import ListImport
from anaplan_emulator.engine.module_import import ModuleImport
from anaplan_emulator.engine.outcomes import ActionFailed, Detail, Outcome
from anaplan_emulator.engine.run import Run
from anaplan_emulator.engine.source import FileFormat, Source
from anaplan_emulator.engine.spool import Spool

ROWS_AT_A_TIME = 2000


def run_import(run: Run, import_id: str, definition: ImportDefinition) -> Outcome:
    """Run an import from an uploaded file.

    Rows are checked and staged outside of any transaction, then applied all at once, so that the
    model never shows half an import and others wait only while it is applied.
    """
    try:
        file, content = _find_upload(run, definition)
        details, dumped = _import(run, import_id, definition, file, content)
    except ActionFailed as failure:
        _forget_dump(run, import_id)
        general = Detail(_general_failure(definition, failure), f"{definition.name} failed")
        details = [failure.detail]
        if general.type != failure.detail.type:
            details.insert(0, general)
        return Outcome(import_id, definition.name, successful=False, details=details)
    return Outcome(import_id, definition.name, True, details, failure_dump=dumped)


def _import(
    run: Run, import_id: str, definition: ImportDefinition, file: File, content: Content
) -> tuple[list[Detail], bool]:
    db = run.session.db
    form = file.form or FileFormat()
    source = Source(contents.read_all(db, content), form)
    work: ListImport | ModuleImport
    if isinstance(definition.target, ListTarget):
        work = ListImport(run, import_id, definition.target, source, form.decimal_separator)
    else:
        work = ModuleImport(run, import_id, definition.target, source, form.decimal_separator)
    total = contents.size(db, content) or 1
    rows = source.rows()
    while batch := list(islice(rows, ROWS_AT_A_TIME)):
        with run.session.batch():
            work.stage(batch)
        run.progress(0.9 * source.bytes_read / total, f"Importing {definition.name}")
    spool = Spool(db, run.chunk_bytes, quote="all")
    if work.faults.rows:
        work.faults.dump(source.header, spool, with_status=isinstance(work, ListImport))
    spool.close()
    run.progress(0.95, f"Applying {definition.name}")
    with run.session.transaction():
        work.apply(db)
        contents.used(db, content.key, run.now())
        db.execute(_FORGET, (run.model, import_id, run.user_id))
        if work.faults.rows:
            spool.publish("dump_chunks", _new_dump(run, import_id))
    return work.details(), work.faults.rows > 0


def _find_upload(run: Run, definition: ImportDefinition) -> tuple[File, Content]:
    db = run.session.db
    file = contents.file_by_name(db, run.model, definition.file)
    content = contents.content_of(db, file, run.user_id, run.now()) if file else None
    if file is None or content is None or not contents.is_whole(db, content):
        raise ActionFailed(
            "uploadedFileNoLongerAvailable",
            f"The uploaded file {definition.file} is no longer available: upload it again",
        )
    return file, content


def _general_failure(definition: ImportDefinition, failure: ActionFailed) -> str:
    if failure.detail.type in ("uploadedFileNoLongerAvailable", "importFailedGeneralError"):
        return failure.detail.type
    if isinstance(definition.target, ListTarget):
        return "hierarchyImportFailed"
    return "moduleImportFailed"


_FORGET = "DELETE FROM dumps WHERE model = ? AND object_id = ? AND user_id = ?"


def _forget_dump(run: Run, import_id: str) -> None:
    with run.session.transaction() as db:
        db.execute(_FORGET, (run.model, import_id, run.user_id))


def _new_dump(run: Run, import_id: str) -> int:
    row = run.session.db.execute(
        "INSERT INTO dumps (model, object_id, user_id, task_id, used_at) VALUES (?, ?, ?, ?, ?)"
        " RETURNING key",
        (run.model, import_id, run.user_id, run.task_id, run.now()),
    ).fetchone()
    return int(row["key"])
