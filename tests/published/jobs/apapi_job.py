"""The main job with apapi 0.6: https://pypi.org/project/apapi/."""

import time

import apapi
from job import EXPORT, FILE, MODEL, PASSWORD, PROCESS, SOURCE, USER, report

with apapi.BasicAuth(f"{USER}:{PASSWORD}") as auth:
    client = apapi.Connection(auth)
    for reply in (
        client.get_workspaces(details=True),
        client.get_models(details=True),
        client.get_files(MODEL),
        client.get_imports(MODEL),
        client.get_exports(MODEL),
        client.get_processes(MODEL),
        client.get_lists(MODEL),
        client.get_modules(MODEL),
        client.get_lineitems(MODEL, details=True),
        client.get_views(MODEL, details=True),
    ):
        reply.raise_for_status()
    client.upload_file(MODEL, FILE, [SOURCE])

    def run(start, poll, action):
        task = start(MODEL, action).json()["task"]["taskId"]
        while True:
            state = poll(MODEL, action, task).json()["task"]
            if state["taskState"] == "COMPLETE":
                return state["result"]
            time.sleep(0.1)

    imported = run(client.run_process, client.get_process_task, PROCESS)
    exported = run(client.run_export, client.get_export_task, EXPORT)
    output = b"".join(client.download_file(MODEL, EXPORT))
    report(imported["successful"], exported["successful"], output)
