"""`python -u -m longhand_engine.serve`: see the package's docstring."""

import argparse
import asyncio
import json
import logging
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ..files import write_json
from ..quiet import quick_imports
from .hosts import is_loopback

if TYPE_CHECKING:
    import uvicorn

    from .app import Front
    from .driver import Driver


def main() -> int:
    # The real handlers are set when there is something to finish.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    options = _options()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    key = _key(options)
    if not (options.model / "config.json").is_file():
        _refuse(f"{options.model} is not a checkpoint: it has no config.json")
    listener = _bind(options.host, options.port)
    with quick_imports():
        import torch
        import uvicorn
        from transformers.utils.logging import disable_progress_bar

        from .app import Front
        from .checkpoint import CheckpointError, load
        from .driver import Driver, Served
    disable_progress_bar()
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        served = Served(load(options.model), options.batch)
    except CheckpointError as error:
        _refuse(str(error))
    driver = Driver(served, batch=options.batch, queue=options.queue)
    front = Front(driver, name=options.name or served.checkpoint.folder.name, key=key)
    config = uvicorn.Config(
        front,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        http="h11",
        server_header=False,
        # Longer than a client keeps an idle connection, so that none is closed just as it is used again.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=round(options.grace) + 2,
    )
    return _Process(driver, front, uvicorn.Server(config), listener, options).run()


class _Process:
    """The two threads and what ends them: the main thread steps the engines, the other one speaks HTTP."""

    def __init__(
        self,
        driver: "Driver",
        front: "Front",
        server: "uvicorn.Server",
        listener: socket.socket,
        options: argparse.Namespace,
    ):
        self.driver, self.front, self.server = driver, front, server
        self.listener, self.options = listener, options
        self.failed = False
        self.loop: asyncio.AbstractEventLoop | None = None

    def run(self) -> int:
        """Serves until a signal; the exit code."""
        http = threading.Thread(target=self._http, name="http")
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        http.start()
        try:
            self.driver.run(until=lambda: not http.is_alive())
        finally:
            if self.options.address_file:
                self.options.address_file.unlink(missing_ok=True)
        return 1 if self.failed else 0

    def _http(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException:
            self.failed = True
            raise
        finally:
            self.driver.wake()

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.driver.attach(self.loop)
        serving = asyncio.ensure_future(self.server.serve(sockets=[self.listener]))
        while not self.server.started and not serving.done():
            await asyncio.sleep(0.005)
        if self.server.started:
            self._announce()
        await serving

    def _announce(self) -> None:
        host, port = self.listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        found = {"host": host, "port": port, "url": f"http://{shown}:{port}", "model": self.front.name}
        found |= {"pid": os.getpid()}
        if self.options.address_file:
            write_json(self.options.address_file, found)
        print(json.dumps(found), flush=True)

    def _stop(self, *_: object) -> None:
        """A first signal gives what is in flight its grace, a second one none."""
        if self.loop is None or self.loop.is_closed():
            return
        grace = 0 if self.front.stopping else self.options.grace
        self.front.stopping = self.server.should_exit = True
        self.loop.call_soon_threadsafe(self.loop.call_later, grace, self.driver.cancel_all)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m longhand_engine.serve", description="The embedded OpenAI-compatible server."
    )
    parser.add_argument("--model", type=Path, required=True, metavar="DIR", help="folder of the checkpoint")
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (default %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default %(default)s)")
    parser.add_argument("--name", help="the model's name for clients (default: the folder's)")
    parser.add_argument("--batch", type=_positive, default=32, help="sequences at a time (default %(default)s)")
    parser.add_argument("--queue", type=_positive, default=1024, help="sequences that may wait (default %(default)s)")
    parser.add_argument("--threads", type=_positive, help="threads to compute with (default: torch's choice)")
    parser.add_argument("--api-key-env", metavar="VAR", help="variable that holds the API key")
    parser.add_argument("--address-file", type=Path, metavar="PATH", help="where the address is written when it serves")
    parser.add_argument("--grace", type=float, default=3, help="seconds to finish after SIGTERM (default %(default)s)")
    return parser.parse_args()


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return value


def _key(options: argparse.Namespace) -> str | None:
    if options.api_key_env:
        key = os.environ.pop(options.api_key_env, "").strip()
        if not key:
            _refuse(f"the variable {options.api_key_env} holds no key")
        return key
    if not is_loopback(options.host):
        _refuse(f"{options.host} can be reached from other machines: give --api-key-env, or bind 127.0.0.1")
    return None


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        _refuse(f"{host} port {port} cannot be bound: {error}")
    return listener


def _refuse(message: str) -> NoReturn:
    print(f"longhand_engine.serve: {message}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Both threads are done and nothing is open: taking torch apart would only hold memory and port for seconds.
    os._exit(code)
