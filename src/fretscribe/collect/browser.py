"""A real browser that loads one page at a time, and of each page nothing but the page itself.

No pictures, advertisements or trackers: one connection, and nobody else learns of the visit. The browser says
who we are (`manners.USER_AGENT`) and hides nothing. Needs the extra ``collect`` (Playwright). Knows no
manners but these: ``visitor`` decides what is asked for, and when.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from fretscribe.collect.answer import Answer
from fretscribe.collect.manners import USER_AGENT
from fretscribe.errors import FretscribeError, MissingExtraError, OptionError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, Playwright, Response, Route

BrowserName = Literal["chromium", "firefox"]

TIMEOUT_S = 60.0
_SYSTEM_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_NO_BODY = "ERR_HTTP_RESPONSE_CODE_FAILURE"
_NET_ERROR = re.compile(r"(?:net::ERR|NS_ERROR)_([A-Z_]+)")


def find_browser(browser: BrowserName, executable: Path | None, own: Path) -> Path:
    """The program to start: the one that is named, else Playwright's own, else one of the system.

    Parameters
    ----------
    browser : {"chromium", "firefox"}
    executable : Path, optional
    own : Path
        Where Playwright would keep its own.

    Raises
    ------
    OptionError
        If the named program does not exist.
    FretscribeError
        If there is no browser.
    """
    if executable is not None:
        if not executable.is_file() or not os.access(executable, os.X_OK):
            raise OptionError(f"{executable} is no program", mend="name a browser with --executable PATH")
        return executable
    if own.is_file():
        return own
    if browser == "firefox":  # one from a distribution lacks the interface that Playwright drives Firefox by
        raise FretscribeError("there is no Firefox of Playwright's", mend="run: playwright install firefox")
    for name in _SYSTEM_CHROMIUMS:
        if (found := shutil.which(name)) is not None:
            return Path(found)
    raise FretscribeError(
        "there is no Chromium here",
        mend="run: playwright install chromium, install your system's, or name one with --executable PATH",
    )


class BrowserFetcher:
    """A browser, from entering the block to leaving it.

    Parameters
    ----------
    browser : {"chromium", "firefox"}
    executable : Path, optional
    headless : bool
        False shows the window.
    timeout_s : float
        How long a page may take.

    Raises
    ------
    MissingExtraError
        If Playwright is not installed.
    OptionError, FretscribeError
        On entering, if there is no browser or it does not start.
    """

    def __init__(
        self,
        browser: BrowserName = "chromium",
        *,
        executable: Path | None = None,
        headless: bool = True,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        try:
            from playwright.sync_api import sync_playwright
        except ImportError as error:
            raise MissingExtraError("collecting tabs with a browser", "collect") from error
        self._browser_name = browser
        self._executable = executable
        self._headless = headless
        self._timeout_ms = timeout_s * 1000.0
        self._manager = sync_playwright()
        self._browser: Browser | None = None
        self._page: Page | None = None
        self._answers: list[Response] = []
        self._may_load = False

    def __enter__(self) -> BrowserFetcher:
        playwright = self._manager.__enter__()
        try:
            self._browser = self._launch(playwright)
            # Contexts could carry a user agent too, but would invent a platform to go with it.
            context = self._browser.new_context(
                accept_downloads=False,
                service_workers="block",
                java_script_enabled=False,  # pages carry their data as text; their programs only ask for more
            )
            context.route("**/*", self._let_through)
            self._page = self._new_page(context)
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from playwright.sync_api import Error

        if kind is KeyboardInterrupt:
            # Ctrl-C ends Playwright's own process too, and asyncio would lament what that leaves unanswered.
            logging.getLogger("asyncio").disabled = True
        try:
            if self._browser is not None:
                self._browser.close()
        except Error:
            pass  # it is gone already, by a crash or by its user
        finally:
            self._browser = self._page = None
            self._manager.__exit__(kind, error, trace)

    def fetch(self, url: str) -> Answer:
        """Load a page; trouble with the network becomes an `Answer` of status 0.

        Raises
        ------
        FretscribeError
            If the browser itself is gone.
        """
        from playwright.sync_api import Error

        if self._page is None:
            raise ValueError("the browser is not open")
        try:
            answer = self._visit(self._page, url)
            self._rest(self._page)
        except Error as error:
            raise FretscribeError(
                f"the browser is gone: {plain_reason(error.message)}",
                mend="run again with --resume, and leave its window open",
            ) from error
        return answer

    def _visit(self, page: Page, url: str) -> Answer:
        """Load a page."""
        from playwright.sync_api import Error, TimeoutError

        self._answers.clear()
        self._may_load = True
        try:
            response = page.goto(url, wait_until="domcontentloaded", timeout=self._timeout_ms)
            if response is None:
                return Answer(url=url, status=0, reason="no answer")
            return _answer(response, page)
        except TimeoutError:
            return Answer(url=url, status=0, reason=f"no whole page within {self._timeout_ms / 1000.0:g} s")
        except Error as error:
            if page.is_closed():
                raise
            if (
                _NO_BODY in error.message and self._answers
            ):  # an empty refusal: the browser shows its own words
                last = self._answers[-1]
                return Answer(url=last.url, status=last.status, headers=last.all_headers())
            return Answer(url=url, status=0, reason=plain_reason(error.message))
        finally:
            self._may_load = False

    def _rest(self, page: Page) -> None:
        """Show an empty page: what stays open may load itself again, or its icon, whenever it likes."""
        from playwright.sync_api import Error

        try:
            page.goto("about:blank", timeout=self._timeout_ms)
        except Error:
            if page.is_closed():
                raise
            page.close()
            self._page = self._new_page(page.context)

    def _launch(self, playwright: Playwright) -> Browser:
        from playwright.sync_api import Error

        kind: BrowserType = getattr(playwright, self._browser_name)
        program = find_browser(self._browser_name, self._executable, Path(kind.executable_path))
        chromium = self._browser_name == "chromium"
        arguments = [f"--user-agent={USER_AGENT}"] if chromium else []
        if chromium and _is_root():
            arguments.append("--no-sandbox")  # as root Chromium refuses to start with its sandbox
        try:
            return kind.launch(
                executable_path=program,
                headless=self._headless,
                args=arguments,
                firefox_user_prefs=None if chromium else {"general.useragent.override": USER_AGENT},
            )
        except Error as error:
            first_line = error.message.strip().partition("\n")[0]
            raise FretscribeError(
                f"{program} does not start: {first_line}",
                mend="--executable PATH names another; a window (--no-headless) needs a screen",
            ) from error

    def _new_page(self, context: BrowserContext) -> Page:
        page = context.new_page()
        page.on("response", lambda response: self._keep_navigation(response, page))
        return page

    def _keep_navigation(self, response: Response, page: Page) -> None:
        """Note the answer to a page's own request, frames left out."""
        if response.request.is_navigation_request() and response.frame == page.main_frame:
            self._answers.append(response)

    def _let_through(self, route: Route) -> None:
        """The page that was asked for, once; nothing that it would load or lead to by itself."""
        if self._may_load and route.request.is_navigation_request():
            self._may_load = False
            route.continue_()
        else:
            route.abort("aborted")  # any other reason would put the browser's own error page in its place


def _answer(response: Response, page: Page) -> Answer:
    headers = response.all_headers()
    is_html = "html" in headers.get("content-type", "").casefold()
    return Answer(
        url=response.url,
        status=response.status,
        headers=headers,
        # Of anything but HTML the browser makes a page of its own.
        body=page.content() if is_html else response.text(),
    )


def plain_reason(message: str) -> str:
    """A browser's own message in words.

    >>> plain_reason("Page.goto: net::ERR_CONNECTION_REFUSED at http://127.0.0.1/")
    'connection refused'
    """
    if (match := _NET_ERROR.search(message)) is not None:
        return match[1].replace("_", " ").lower()
    return message.partition("\n")[0].strip()


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
