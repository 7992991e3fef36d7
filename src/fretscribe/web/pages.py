"""The studio's two pages: all jobs, and the tab of one, made of the parts of a page that opens from disk.

Scripts come from addresses of their own, because the policy runs nothing that stands in a page; data stands
in it. Neighbours: ``io.html_writer`` has the page of a tab, ``page`` what the studio adds to it, ``tab_api``
the data.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from fretscribe.io.html_writer import FOLDER as TAB_FOLDER
from fretscribe.io.html_writer import PARTS, fill_page, page_json
from fretscribe.web.guard import POLICY
from fretscribe.web.jobs import UnknownJobError
from fretscribe.web.studio import Studio
from fretscribe.web.tab_api import TabApi

FOLDER = Path(__file__).parent / "page"
STUDIO_SCRIPTS = ("talk.js", "mending.js", "studio.js")
_TYPES = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2"}
_FILES: Mapping[str, Path] = {
    **{name: TAB_FOLDER / name for name in (*PARTS, "page.css")},
    **{name: FOLDER / name for name in (*STUDIO_SCRIPTS, "home.js", "draft.js", "home.css", "studio.css")},
    **{name: TAB_FOLDER / "vendor" / name for name in ("alphaTab.min.js", "Bravura.woff2")},
}
"""What is handed out, by name; no other file can be asked for."""


class Pages:
    """Answers requests for pages and their files."""

    def __init__(self, studio: Studio, tabs: TabApi) -> None:
        self._studio = studio
        self._tabs = tabs

    def routes(self) -> list[Route]:
        """What is answered, and where."""
        return [
            Route("/", self.home, methods=["GET"]),
            Route("/jobs/{job}", self.job, methods=["GET"]),
            Route("/static/{name}", self.static, methods=["GET"]),
        ]

    def home(self, request: Request) -> Response:
        """All jobs, and the place to drop another recording."""
        return HTMLResponse((FOLDER / "home.html").read_text(encoding="utf-8"))

    def job(self, request: Request) -> Response:
        """The tab of a job that is done; of another one the page of all jobs, where its progress is."""
        job = self._studio.store.job(request.path_params["job"])
        if job.state != "done":
            return RedirectResponse("../", status_code=303)
        scripts = ("alphaTab.min.js", *PARTS, *STUDIO_SCRIPTS)
        data = self._tabs.page_of(job)
        page = fill_page(
            (TAB_FOLDER / "page.html").read_text(encoding="utf-8"),
            {
                "policy": POLICY.partition("; frame-ancestors")[0],  # that one counts in the header alone
                "title": html.escape(str(data["title"]) or job.name),
                "style": _read(TAB_FOLDER / "page.css") + _read(FOLDER / "studio.css"),
                "data": page_json(data),
                "font": "",  # studio.js asks for these two
                "recording": "",
                "scripts": _read(FOLDER / "mending.html")
                + "\n".join(f'<script src="../static/{name}"></script>' for name in scripts),
            },
        )
        return HTMLResponse(page)

    def static(self, request: Request) -> Response:
        """A script, a style sheet or a font."""
        name = request.path_params["name"]
        if name not in _FILES:
            raise UnknownJobError(f"there is no file {name!r}")
        return Response(_FILES[name].read_bytes(), media_type=_TYPES[_FILES[name].suffix])


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
