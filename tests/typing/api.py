"""What type checkers see of the public API: read by mypy and pyright, never run.

Every public method of both clients is called once, with its result's type asserted.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from pathlib import Path
from typing import assert_type

import httpx
import httpx2

from anaplan_sdk import (
    AnaplanDeviceAuth,
    AnaplanLocalOAuth,
    AnaplanRefreshTokenAuth,
    AsyncClient,
    AsyncOauth,
    AsyncTableStream,
    CheckReport,
    Client,
    ClientConfig,
    DeviceCode,
    Hosts,
    KeyringStore,
    MemoryStore,
    Oauth,
    OAuthToken,
    PlaintextFileStore,
    Progress,
    Region,
    Table,
    TableImport,
    TableStream,
    TokenStore,
    exceptions,
    models,
)


def constructors(context: ssl.SSLContext, auth: httpx2.Auth, region: Region) -> None:
    Client("workspace", "model", "admin@company.com", "password")
    Client(certificate="~/certs/anaplan.pem", private_key=b"...", private_key_password=b"...")
    Client(certificate=Path("anaplan.p12"), private_key_password="...", certificate_payload="v2")
    Client(token="...", base_url="http://127.0.0.1:8765", timeout=httpx2.Timeout(5, read=60))
    Client(auth=auth, region="eu3", proxy="http://proxy:3128", verify=context, upload_parallel=True)
    AsyncClient(auth=auth, region=region, limits=httpx2.Limits(max_connections=5))
    AsyncClient(token="...", hosts=Hosts.at("http://127.0.0.1:8765"), headers={"X-Team": "data"})
    Client(token="...", region="eu9")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Client(token="...", retries=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Client(token="...", transport=httpx2.HTTPTransport(), mounts={"http://": None})
    Client(token="...", transport=httpx2.AsyncHTTPTransport())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    AsyncClient(token="...", transport=httpx2.AsyncHTTPTransport())


def signing_in(own: httpx.Auth, token: OAuthToken) -> None:
    oauth = Oauth("id", "secret", "https://app.example.com/callback", region="eu3", timeout=5)
    assert_type(oauth.authorization_url("https://app.example.com/", state="s"), tuple[str, str])
    assert_type(oauth.fetch_token("https://app.example.com/callback?code=c", "s"), OAuthToken)
    assert_type(oauth.refresh_token("refresh"), OAuthToken)
    assert_type(oauth.validate_token("token"), dict[str, str | dict[str, str | int]])

    class Vault:
        def load(self, key: str) -> str | None: ...

        def save(self, key: str, value: str | None) -> None: ...

    store: TokenStore = Vault()
    for store in (KeyringStore("tool"), PlaintextFileStore("~/tokens.json"), MemoryStore()):
        assert_type(store.load("key"), str | None)
        assert_type(store.save("key", None), None)

    refreshing = AnaplanRefreshTokenAuth(
        "id", "secret", "https://app.example.com/callback", token, store=Vault(), on_token=print
    )
    assert_type(refreshing.token, OAuthToken)
    local = AnaplanLocalOAuth(
        client_id="id",
        client_secret="secret",
        redirect_uri="https://app.example.com/callback",
        persist_token=True,
        prompt=lambda url: url,
    )
    device = AnaplanDeviceAuth("id", prompt=show_code, user="ann", region="eu3")
    assert_type(device.cancel(), None)
    for auth in (own, refreshing, local, device):
        Client(auth=auth)
        AsyncClient(auth=auth)
    AnaplanLocalOAuth("id", "secret")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    AnaplanDeviceAuth("id", store=dict[str, str]())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def signing_in_async(oauth: AsyncOauth) -> None:
    assert_type(oauth.authorization_url(), tuple[str, str])
    assert_type(await oauth.fetch_token("https://app.example.com/callback?code=c"), OAuthToken)
    assert_type(await oauth.refresh_token("refresh"), OAuthToken)
    assert_type(await oauth.validate_token("token"), dict[str, str | dict[str, str | int]])


def show_code(code: DeviceCode) -> None:
    assert_type(code.user_code, str)
    assert_type(code.verification_uri_complete, str | None)


def the_client(client: Client) -> None:
    with client as same:
        assert_type(same, Client)
    assert_type(client.authenticate(), None)
    assert_type(client.logout(), None)
    assert_type(client.close(), None)
    assert_type(client.with_model("model", workspace_id="workspace"), Client)

    assert_type(client.get_workspaces("%Plan%", sort_by="name"), list[models.Workspace])
    assert_type(client.get_workspace(), models.Workspace)
    assert_type(client.get_models(True, sort_by="active_state"), list[models.Model])
    assert_type(client.get_model("model"), models.ModelWithTransactionInfo)
    assert_type(client.delete_models(["model"]), models.ModelDeletionResult)

    assert_type(Client.from_env("profile", timeout=60, region="eu3"), Client)
    Client.from_env(timout=60)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Client.from_env(page_size="5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    config = ClientConfig(token="...", region="eu3", httpx_kwargs={"proxy": "http://proxy:3128"})
    assert_type(Client.from_config(config), Client)

    assert_type(client.audit.get_user(), models.User)
    assert_type(client.audit.get_users("ann", sort_by="email"), list[models.User])

    assert_type(client.get_files("id", descending=True), list[models.File])
    assert_type(client.get_file_chunks(113000000000), list[models.FileChunk])
    assert_type(client.upload_file("113000000000", "text", on_progress=show), None)
    assert_type(client.upload_small_file(113000000000, b"text"), None)
    assert_type(client.get_small_file(113000000000), bytes)
    assert_type(
        client.upload_file_stream(113000000000, [b"code,name\n", "A,Alpha\n"], batch_size=2), None
    )
    assert_type(client.get_file(113000000000), bytes)
    assert_type(client.get_file_stream(113000000000, batch_size=2), Generator[bytes])
    assert_type(client.download_file(116000000000, "~/plan.csv", on_progress=show), Path)
    assert_type(client.delete_file(113000000000), None)

    assert_type(client.get_imports(), list[models.Import])
    assert_type(client.get_exports("name"), list[models.Export])
    assert_type(client.get_processes("id"), list[models.Process])
    assert_type(client.get_actions(descending=True), list[models.Action])
    assert_type(client.get_import(112000000000), models.ImportMetadata)
    assert_type(client.get_export("116000000000"), models.ExportMetadata)
    assert_type(client.get_process(118000000000), models.ProcessMetadata)
    assert_type(client.get_action(117000000000), models.ActionMetadata)


def running(client: Client, wait: bool, held: Table) -> None:
    answer = models.MappingParameter(entity_type="Version", entity_name="Actual")
    ended = client.run_action(
        112000000000, mapping_parameters=[answer], timeout=60, on_progress=show
    )
    assert_type(ended, models.CompletedTask)
    assert_type(client.run_action(118000000000, wait), models.Task | models.CompletedTask)
    assert_type(
        client.upload_and_import(
            113000000000,
            Path("plan.csv"),
            112000000000,
            mapping_parameters=[{"entityType": "Version", "entityName": "Actual"}],
        ),
        models.CompletedTask,
    )
    assert_type(
        client.upload_and_import(113000000000, b"...", 112000000000, wait_for_completion=wait),
        models.Task | models.CompletedTask,
    )
    assert_type(client.export_and_download(116000000000, locale="de_DE"), bytes)
    for table in (Path("plan.parquet"), held):
        assert_type(client.upload_table(113000000000, table, columns=["code"]), int)
        assert_type(
            client.import_table(112000000000, table, check="members", lists={"region": 101}),
            TableImport,
        )
        assert_type(client.check_table("112000000000", table, columns={"a": "b"}), CheckReport)
    assert_type(client.export_table(116000000000, schema={"a": "number"}), TableStream)
    assert_type(client.export_schema(116000000000, schema={"a": "number"}).names, list[str])
    assert_type(client.wait_for_task(118000000000, ended.id, timeout=60), models.CompletedTask)
    assert_type(client.get_task_summaries(118000000000), list[models.TaskSummary])
    assert_type(client.get_task_status(118000000000, ended.id), models.Task | models.CompletedTask)
    assert_type(
        client.get_recorded_task(118000000000, "run.json"),
        models.Task | models.CompletedTask | None,
    )
    assert_type(client.cancel_task(118000000000, ended.id), models.Task | models.CompletedTask)
    assert_type(client.get_optimizer_log(117000000000, ended.id), bytes)
    for dump in ended.dumps:
        assert_type(dump, models.FailureDump)
        assert_type(client.get_dump(*dump), bytes)
        assert_type(client.get_dump_stream(*dump), Generator[bytes])
        assert_type(client.get_dump_rows(*dump), Generator[dict[str, str]])
        assert_type(client.get_process_dump_rows(1, "t"), Generator[dict[str, str]])


async def the_async_client(client: AsyncClient, pieces: AsyncIterator[bytes]) -> None:
    async with client as same:
        assert_type(same, AsyncClient)
    assert_type(await client.authenticate(), None)
    assert_type(await client.logout(), None)
    assert_type(await client.aclose(), None)
    assert_type(client.with_model("model", workspace_id="workspace"), AsyncClient)

    assert_type(await client.get_workspaces("%Plan%", sort_by="name"), list[models.Workspace])
    assert_type(await client.get_workspace(), models.Workspace)
    assert_type(await client.get_models(True, sort_by="active_state"), list[models.Model])
    assert_type(await client.get_model("model"), models.ModelWithTransactionInfo)
    assert_type(await client.delete_models(["model"]), models.ModelDeletionResult)

    assert_type(AsyncClient.from_env("profile", timeout=60, region="eu3"), AsyncClient)
    assert_type(AsyncClient.from_config(ClientConfig(token="...")), AsyncClient)

    assert_type(await client.audit.get_user(), models.User)
    assert_type(await client.audit.get_users("ann", sort_by="email"), list[models.User])

    assert_type(await client.get_files("id", descending=True), list[models.File])
    assert_type(await client.get_file_chunks(113000000000), list[models.FileChunk])
    assert_type(await client.upload_file("113000000000", "text", on_progress=show), None)
    assert_type(await client.upload_small_file(113000000000, "text"), None)
    assert_type(await client.get_small_file(113000000000), bytes)
    assert_type(await client.upload_file_stream(113000000000, pieces, batch_size=2), None)
    assert_type(await client.get_file(113000000000), bytes)
    assert_type(client.get_file_stream(113000000000, batch_size=2), AsyncGenerator[bytes])
    assert_type(await client.download_file(116000000000, "~/plan.csv", on_progress=show), Path)
    assert_type(await client.delete_file(113000000000), None)

    assert_type(await client.get_imports(), list[models.Import])
    assert_type(await client.get_exports("name"), list[models.Export])
    assert_type(await client.get_processes("id"), list[models.Process])
    assert_type(await client.get_actions(descending=True), list[models.Action])
    assert_type(await client.get_import(112000000000), models.ImportMetadata)
    assert_type(await client.get_export("116000000000"), models.ExportMetadata)
    assert_type(await client.get_process(118000000000), models.ProcessMetadata)
    assert_type(await client.get_action(117000000000), models.ActionMetadata)


async def running_async(client: AsyncClient, wait: bool, held: Table) -> None:
    answer = models.MappingParameter(entity_type="Version", entity_name="Actual")
    ended = await client.run_action(
        112000000000, mapping_parameters=[answer], timeout=60, on_progress=show
    )
    assert_type(ended, models.CompletedTask)
    assert_type(await client.run_action(118000000000, wait), models.Task | models.CompletedTask)
    assert_type(
        await client.upload_and_import(
            113000000000,
            Path("plan.csv"),
            112000000000,
            mapping_parameters=[{"entityType": "Version", "entityName": "Actual"}],
        ),
        models.CompletedTask,
    )
    assert_type(
        await client.upload_and_import(
            113000000000, b"...", 112000000000, wait_for_completion=wait
        ),
        models.Task | models.CompletedTask,
    )
    assert_type(await client.export_and_download(116000000000, locale="de_DE"), bytes)
    for table in (Path("plan.parquet"), held):
        assert_type(await client.upload_table(113000000000, table, columns=["code"]), int)
        assert_type(
            await client.import_table(112000000000, table, check="members", lists={"region": 101}),
            TableImport,
        )
        assert_type(
            await client.check_table("112000000000", table, columns={"a": "b"}), CheckReport
        )
    stream = await client.export_table("116000000000", invalid="null", batch_rows=10, run=False)
    assert_type(stream, AsyncTableStream)
    assert_type((await client.export_schema("116000000000")).names, list[str])
    part = await client.export_table(116000000000, run=False, part=(0, 2))
    assert_type(part, AsyncTableStream)
    assert_type(await stream.read_all(), Table)
    assert_type(await stream.aclose(), None)
    assert_type(
        await client.wait_for_task(118000000000, ended.id, timeout=60), models.CompletedTask
    )
    assert_type(await client.get_task_summaries(118000000000), list[models.TaskSummary])
    assert_type(
        await client.get_recorded_task(118000000000, "run.json"),
        models.Task | models.CompletedTask | None,
    )
    assert_type(
        await client.get_task_status(118000000000, ended.id), models.Task | models.CompletedTask
    )
    assert_type(
        await client.cancel_task(118000000000, ended.id), models.Task | models.CompletedTask
    )
    assert_type(await client.get_optimizer_log(117000000000, ended.id), bytes)
    for dump in ended.dumps:
        assert_type(await client.get_dump(*dump), bytes)
        assert_type(client.get_dump_stream(*dump), AsyncGenerator[bytes])
        assert_type(client.get_dump_rows(*dump), AsyncGenerator[dict[str, str]])
        assert_type(client.get_process_dump_rows(1, "t"), AsyncGenerator[dict[str, str]])


def show(progress: Progress) -> None:
    assert_type(progress.step, str)
    assert_type(progress.completed, float)
    assert_type(progress.total, float | None)


def errors(
    error: exceptions.AnaplanActionError, upload: exceptions.UploadIncompleteException
) -> None:
    assert_type(error.task, models.Task | models.CompletedTask | None)
    assert_type(error.result, models.TaskResult | None)
    assert_type(error.nested_results, list[models.TaskResult])
    assert_type(error.dumps, list[models.FailureDump])
    assert_type(error.retryable, bool)
    assert_type(error.retry_after, float | None)
    assert_type(upload.missing, list[int])


def open_files(client: Client, path: os.PathLike[str]) -> None:
    client.upload_file(113000000000, path)
    with Path(path).open("rb") as binary:
        client.upload_file(113000000000, binary)
    client.upload_file(113000000000, 5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
