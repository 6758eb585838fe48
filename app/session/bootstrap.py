"""Puts the rooms together: the one place where collaborators are made and handed to each other."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING

from app.base.notices import Notices
from app.base.resources import resource_path
from app.document.brush import Brush
from app.engines.host import EngineHost
from app.gateways.catalogue import load_catalogue
from app.gateways.client import GatewayClient
from app.gateways.providers import ProviderStore
from app.gateways.types import Profile, Transport
from app.history.store import HistoryStore
from app.jobs.worker import RequestWorker
from app.session import actions, layer_actions, mask_actions, mending, queue_actions
from app.session.commands import CommandRegistry
from app.session.estimates import make_estimator
from app.session.mending import open_history
from app.session.money import Money
from app.session.pipeline import EditPipeline
from app.session.progress import ProgressHub
from app.session.toolbox import ToolBox
from app.session.workspace import Workspace
from app.settings.folders import Folders
from app.settings.logs import set_up_logging
from app.settings.secrets import Secrets
from app.settings.store import SettingsStore

if TYPE_CHECKING:
    import httpx


class InProcessTransports:
    """Makes the transport to Maskroom's own server at its first use; no port is opened."""

    def __init__(self, host: EngineHost, progress: ProgressHub) -> None:
        self._host = host
        self._progress = progress
        self._transport: httpx.AsyncBaseTransport | None = None

    def __call__(self, profile: Profile) -> httpx.AsyncBaseTransport | None:
        """The transport for a profile; None = the network."""
        if profile.transport is not Transport.IN_PROCESS:
            return None
        if self._transport is None:
            import httpx

            from app.server.app import create_app

            app = create_app(self._host, self._progress.report)
            self._transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        return self._transport


def load_transports() -> None:
    """Import what the first request needs; for a thread, as it takes a tenth of a second."""
    importlib.import_module("httpx")
    importlib.import_module("app.server.app")


def build_workspace(
    folders: Folders,
    environ: Mapping[str, str],
    notices: Notices,
    *,
    command_modules: tuple[ModuleType, ...] = (),
    log_name: str = "maskroom",
    needs_history: bool = True,
) -> Workspace:
    """A workspace on the data in `folders`. The caller awaits its `aclose()`.

    Raises:
        StoreError: the data folder cannot be used, or the history cannot be opened and `needs_history`.
        InputError: a settings or providers file that came with the program or the user's own is wrong.
    """
    folders.ensure()
    secrets = Secrets(environ)
    end_logging = set_up_logging(folders, secrets.redact, name=log_name)
    settings = SettingsStore(folders.settings_file, notices)
    providers = ProviderStore(folders.data, load_catalogue(resource_path("catalogue")))
    history = HistoryStore(folders.history)
    open_history(history, folders.history, notices, must_open=needs_history)
    host = EngineHost()
    progress = ProgressHub()
    worker = RequestWorker(lambda name: providers.get(name).concurrency)
    transports = InProcessTransports(host, progress)
    gateway = GatewayClient(transports, folders.spool, clock=worker.now)
    pipeline = EditPipeline(
        history=history,
        worker=worker,
        gateway=gateway,
        find_profile=providers.get,
        secrets=secrets,
        progress=progress,
        warm_up=load_transports,
        clock=worker.now,
    )
    commands = CommandRegistry()
    for module in (actions, queue_actions, mending, *command_modules):
        commands.add_from(module)
    for added in mask_actions.operation_commands():
        commands.add(added)
    commands.add_from(mask_actions)
    commands.add_from(layer_actions)
    for added in (*actions.tool_commands(), *actions.digit_commands()):
        commands.add(added)
    defaults = settings.value.brush
    return Workspace(
        folders=folders,
        notices=notices,
        settings=settings,
        secrets=secrets,
        providers=providers,
        history=history,
        worker=worker,
        pipeline=pipeline,
        money=Money(history.spending),
        estimator=make_estimator(lambda: host.pace.factor, history.past_seconds),
        toolbox=ToolBox(Brush(defaults.diameter, defaults.hardness, defaults.opacity)),
        commands=commands,
        transports=transports,
        host=host,
        end_logging=end_logging,
    )
