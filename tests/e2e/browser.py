"""Chromium without a window, driven by its DevTools protocol: opens a page, runs scripts in it, takes pictures."""

import asyncio
import base64
import itertools
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_S = 20.0


class Page:
    """One tab."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the protocol and its result; events meanwhile are passed over."""
        number = next(self._numbers)
        await self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(await self._socket.recv())
            if message.get("id") == number:
                assert "error" not in message, message
                return dict(message["result"])

    async def go(self, url: str) -> None:
        await self.call("Page.navigate", url=url)

    async def run(self, script: str) -> Any:
        """The value of a JavaScript expression; a promise is waited for."""
        answer = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def see(self, selector: str, text: str = "", within_s: float = PATIENCE_S) -> None:
        """Return when an element that matches shows ``text``."""
        script = f"[...document.querySelectorAll({json.dumps(selector)})].some(e => e.textContent.includes({json.dumps(text)}))"
        deadline = asyncio.get_running_loop().time() + within_s
        while not await self.run(script):
            left = await self.run("document.body?.innerText")  # there is none until the page begins
            assert asyncio.get_running_loop().time() < deadline, f"no {selector} with {text!r} in:\n{left}"
            await asyncio.sleep(0.05)

    async def press(self, selector: str, text: str = "") -> None:
        """Click the first element that matches and shows ``text``, as soon as there is one."""
        await self.see(selector, text)
        await self.run(
            f"[...document.querySelectorAll({json.dumps(selector)})].find(e => e.textContent.includes({json.dumps(text)})).click()"
        )

    async def picture(self, file: Path) -> None:
        """What the page looks like, as PNG."""
        answer = await self.call("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(answer["data"]))


def program() -> str | None:
    """Chromium's executable, if there is one."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


@asynccontextmanager
async def open_page(width: int = 1366, height: int = 820) -> AsyncIterator[Page]:
    """A tab in a browser of its own, which ends with it."""
    found = program()
    assert found, "Chromium is not installed"
    with tempfile.TemporaryDirectory(prefix="fynlo-browser-", ignore_cleanup_errors=True) as profile:
        browser = await asyncio.create_subprocess_exec(
            found,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            f"--window-size={width},{height}",
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            port, path = await _address(Path(profile))
            async with connect(f"ws://127.0.0.1:{port}{path}", max_size=None) as root:
                target = await Page(root).call("Target.createTarget", url="about:blank")
            async with connect(f"ws://127.0.0.1:{port}/devtools/page/{target['targetId']}", max_size=None) as socket:
                yield Page(socket)
        finally:
            browser.terminate()
            await browser.wait()


async def _address(profile: Path) -> tuple[int, str]:
    """Where the browser listens; it writes that into its profile."""
    file = profile / "DevToolsActivePort"
    for _ in range(400):
        if file.exists() and len(lines := file.read_text().splitlines()) == 2:
            return int(lines[0]), lines[1]
        await asyncio.sleep(0.05)
    raise AssertionError("Chromium did not start")
