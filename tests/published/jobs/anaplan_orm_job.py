"""The main job with anaplan-orm 1.1: https://pypi.org/project/anaplan-orm/."""

from anaplan_orm.authenticator import BasicAuthenticator
from anaplan_orm.client import AnaplanClient
from job import EXPORT, FILE, MODEL, PASSWORD, PROCESS, SOURCE, USER, WORKSPACE, report

client = AnaplanClient(authenticator=BasicAuthenticator(USER, PASSWORD))
client.ping()
client.upload_file(WORKSPACE, MODEL, FILE, SOURCE.decode())
client.upload_file_chunked(WORKSPACE, MODEL, FILE, SOURCE.decode(), chunk_size_mb=1)
task = client.execute_process(WORKSPACE, MODEL, PROCESS)
imported = client.wait_for_process_completion(
    WORKSPACE, MODEL, PROCESS, task, retry=60, poll_interval=1
)
task = client.execute_export(WORKSPACE, MODEL, EXPORT)
exported = client.wait_for_export_completion(
    WORKSPACE, MODEL, EXPORT, task, retry=60, poll_interval=1
)
output = client.download_file_chunked(WORKSPACE, MODEL, EXPORT)
report(imported["result"]["successful"], exported["result"]["successful"], output)
