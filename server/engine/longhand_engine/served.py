"""The inference server that the service keeps for a stage: waiting until it answers, and knowing what became of it.

The service writes its `server.json` (contract: core/protocol/files.ts) and names it in spec.json, `inference.server`.
"""

import time
from pathlib import Path
from typing import Any

from .files import read_json, write_json

POLL_S = 0.2
SLACK_S = 60.0
"""A service that was killed may need this long to come back and find the server."""
_FINAL = ("failed", "stopped")


class ServerError(RuntimeError):
    """The server cannot be had; the message says why and where its log is."""


def server_state(inference: dict[str, Any]) -> dict[str, Any] | None:
    """What server.json says now; None where the server is not ours."""
    path = inference.get("server")
    return read_json(Path(path)) if path else None


def await_server(inference: dict[str, Any]) -> dict[str, Any]:
    """`inference` with the address and the model's name as they are, once the server answers.

    Also for a client whose server has gone: the service starts it again a few times. Returns at once where the server is
    not ours. Raises ServerError where it failed, or where nobody brings it up in its time.
    """
    state = server_state(inference)
    if state is None:
        return inference
    waited = time.monotonic()
    while state["state"] != "ready":
        if state["state"] in _FINAL:
            raise ServerError(state["message"] or f"The {state['engine']} server was stopped.")
        if time.monotonic() - waited > state["timeout_s"] + SLACK_S:
            raise ServerError(
                f"The {state['engine']} server is not ready after {time.monotonic() - waited:.0f} s, and the service says "
                f"nothing about it. Its folder is {Path(inference['server']).parent}."
            )
        time.sleep(POLL_S)
        state = server_state(inference)
    return {**inference, "url": state["url"], "model": state["model"]}


def change_checkpoint(inference: dict[str, Any], checkpoint: str) -> dict[str, Any]:
    """Has the stage's own server serve another checkpoint: the embedded one while it works, others are started again.

    `inference` for it, once it answers. Raises ServerError, also for a server that is not ours: it serves one model.
    """
    if not inference.get("server"):
        raise ServerError(f"{where(inference)} serves one model and is not ours to change.")
    write_json(Path(inference["server"]).parent / "wanted.json", {"v": 1, "checkpoint": checkpoint})
    waited = time.monotonic()
    while True:
        found = await_server(inference)
        state = server_state(inference)
        if state["checkpoint"] == checkpoint and state["state"] == "ready":
            return found
        if time.monotonic() - waited > state["timeout_s"] + SLACK_S:
            raise ServerError(f"{where(inference)} did not take {checkpoint} within {time.monotonic() - waited:.0f} s.")
        time.sleep(POLL_S)


def where(inference: dict[str, Any]) -> str:
    """Engine, address and log of the server, for the user."""
    state = server_state(inference)
    if state is None:
        return f"{inference['engine']} at {inference['url']}"
    log = Path(inference["server"]).parent / f"attempt-{state['attempt']}" / "stderr.log"
    return f"{state['engine']} at {state['url']}; its log: {log}"
