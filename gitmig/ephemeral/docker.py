"""A server in a container, from the image that the settings name; needs ``gitmig[docker]``."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from gitmig.ephemeral.provision import Need, Server, Unavailable

# kind -> module of testcontainers, its class; the modules moved in version 4.15
CONTAINERS = {"postgresql": ("postgres", "PostgresContainer"), "mysql": ("mysql", "MySqlContainer")}
HOMES = ("testcontainers.community", "testcontainers")


class Docker:
    """A container for the run; only where the settings name an image."""

    name = "Docker"

    @contextlib.contextmanager
    def open(self, need: Need) -> Iterator[Server]:
        """Give the server in the container, with a random password."""
        image = need.settings.docker
        container = container_class(need.kind)(
            image, username="gitmig", password=secrets.token_hex(32), dbname="gitmig"
        )
        try:
            container.start()
        except Exception as error:  # of the engine, its network, the image: docker's own words
            with contextlib.suppress(Exception):
                container.stop()
            raise Unavailable(f"{image} does not start: {error}") from error
        try:
            yield Server(container.get_connection_url(), f"the image {image}", own=True)
        finally:
            container.stop()


def container_class(kind: str) -> Any:
    """Return testcontainers' class for a kind of database."""
    if kind not in CONTAINERS:
        raise Unavailable(f"there is no image for {kind}")
    module, name = CONTAINERS[kind]
    for home in HOMES:
        with contextlib.suppress(ImportError):
            return getattr(import_module(f"{home}.{module}"), name)
    raise Unavailable("testcontainers is not installed: pip install 'gitmig[docker]'")
