"""The main job with anaplan-sdk 0.5.22: https://pypi.org/project/anaplan-sdk/."""

from job import EXPORT, FILE, MODEL, PASSWORD, PROCESS, SOURCE, USER, WORKSPACE, report

from anaplan_sdk import Client

client = Client(workspace_id=WORKSPACE, model_id=MODEL, user_email=USER, password=PASSWORD)
client.get_workspaces()
client.get_models()
client.get_files()
client.get_imports()
client.get_exports()
client.get_processes()
client.tr.get_lists()
client.tr.get_modules()
client.tr.get_line_items()
client.tr.get_views()
client.upload_file(int(FILE), SOURCE)
imported = client.run_action(int(PROCESS))
exported = client.run_action(int(EXPORT))
output = client.get_file(int(EXPORT))
report(imported.result.successful, exported.result.successful, output)
