"""The main job with anaplan-api 0.3: https://pypi.org/project/anaplan-api/."""

from anaplan_api.anaplan import anaplan
from anaplan_api.anaplan.models.AnaplanConnection import AnaplanConnection
from job import EXPORT, FILE, MODEL, PASSWORD, PROCESS, SOURCE, USER, WORKSPACE, report

auth = anaplan.authorize("Basic", email=USER, password=PASSWORD)
connection = AnaplanConnection(auth.auth_token, WORKSPACE, MODEL)
for resource in ("files", "imports", "exports", "processes"):
    anaplan.get_list(connection, resource)
anaplan.file_upload(conn=connection, file_id=FILE, chunk_size=5, data=SOURCE.decode())
imported = anaplan.execute_action(conn=connection, action_id=PROCESS, retry_count=1)
exported = anaplan.execute_action(conn=connection, action_id=EXPORT, retry_count=1)
# The names of the attributes that its documentation uses are misspelled in this release.
report(bool(imported.reponses), bool(exported.reponses), anaplan.get_file(connection, EXPORT))
