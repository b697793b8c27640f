"""The main job with PlanaPY 0.2: https://pypi.org/project/PlanaPY/."""

import os
import tempfile
from pathlib import Path

from job import (
    EXPORT_NAME,
    FILE_NAME,
    MODEL_NAME,
    PASSWORD,
    PROCESS_NAME,
    SOURCE,
    USER,
    WORKSPACE_NAME,
    report,
)
from PlanaPY.PlanaPY import AnaplanAPI, AnaplanModels

session = AnaplanAPI()
session.acquire_token(USER, PASSWORD)
session.token_check()
models = AnaplanModels(session)
models.model_info()
models.get_models()
place = MODEL_NAME, WORKSPACE_NAME
models.get_model_files(*place)
models.get_processes(*place)
models.get_export_actions(*place)
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    Path(FILE_NAME).write_bytes(SOURCE)
    models.import_file(*place, FILE_NAME)
    imported = models.run_process(*place, PROCESS_NAME)
    exported = models.run_export_action(*place, EXPORT_NAME)
    output = models.export_data(*place, EXPORT_NAME)
session.end_session()
report(imported.ok, exported.ok, output.to_csv(index=False))
