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
USERS = {"postgresql": "postgres", "mysql": "root"}  # who may make databases in these images
HOMES = ("testcontainers.community", "testcontainers")


class Docker:
    """A container for the run; only where the settings name an image."""

    name = "Docker"

    @contextlib.contextmanager
    def open(self, need: Need) -> Iterator[Server]:
        """Give the server in the container, with a random password."""
        image = need.settings.docker
        make = container_class(need.kind)
        with contextlib.ExitStack() as stack:
            try:  # making it asks the engine already
                container = make(
                    image,
                    username=USERS[need.kind],
                    password=secrets.token_hex(32),
                    dbname="gitmig",
                )
                stack.callback(container.stop)
                container.start()
            except Exception as error:  # of the engine, its network, the image: docker's own words
                with contextlib.suppress(Exception):
                    stack.close()
                told = " ".join(str(error).split())[:200]
                raise Unavailable(f"{image} does not start: {told}") from error
            yield Server(container.get_connection_url(), f"the image {image}", own=True)


def container_class(kind: str) -> Any:
    """Return testcontainers' class for a kind of database."""
    if kind not in CONTAINERS:
        raise Unavailable(f"there is no image for {kind}")
    module, name = CONTAINERS[kind]
    for home in HOMES:
        with contextlib.suppress(ImportError):
            return getattr(import_module(f"{home}.{module}"), name)
    raise Unavailable("testcontainers is not installed: pip install 'gitmig[docker]'")
