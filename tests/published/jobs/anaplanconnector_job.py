"""The main job with anaplanconnector 0.1: https://pypi.org/project/anaplanconnector/."""

import tempfile
from pathlib import Path

from anaplanConnector import Connection
from job import (
    EXPORT_NAME,
    FILE_NAME,
    MODEL,
    PASSWORD,
    PROCESS_NAME,
    SOURCE,
    USER,
    WORKSPACE,
    report,
)

client = Connection(
    authType="basic", email=USER, password=PASSWORD, workspaceId=WORKSPACE, modelId=MODEL
)
client.getWorkspaces()
client.getModels()
client.getFiles()
client.getProcesses()
with tempfile.TemporaryDirectory() as folder:
    source = Path(folder) / "source.csv"
    source.write_bytes(SOURCE)
    client.loadFile(str(source), client.getFileIdByFilename(FILE_NAME))
    imported = client.runProcess(client.getProcessIdByName(PROCESS_NAME))
    target = Path(folder) / "target.csv"
    client.export(client.getExportIdByName(EXPORT_NAME), str(target))
    report(imported["task"]["result"]["successful"], target.exists(), target.read_text())
