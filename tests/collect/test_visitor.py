"""A visit: robots.txt first, patience, and no for no."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from fretscribe.collect.answer import Answer
from fretscribe.collect.manners import MAX_ATTEMPTS, MIN_PAUSE_S, Pacer
from fretscribe.collect.visitor import MAX_FAILED_IN_A_ROW, Missing, Visitor, site_address
from fretscribe.errors import OptionError, SiteError
from tab_site import CHALLENGE, FakeClock, new_form

SITE = "https://www.example.org"
GOOD = new_form({"a": 1})
TEXT = {"content-type": "text/plain; charset=utf-8"}
OPEN = Answer(url="", status=404)


def page(status: int = 200, body: str = GOOD, **more: object) -> Answer:
    return Answer(url="", status=status, body=body, **more)  # type: ignore[arg-type]


class Script:
    """Answers by a script; the last answer of an address stays."""

    def __init__(self, answers: dict[str, Sequence[Answer]]) -> None:
        self._answers = {url: list(script) for url, script in answers.items()}
        self.asked: list[str] = []

    def fetch(self, url: str) -> Answer:
        self.asked.append(url)
        script = self._answers.get(url, [page(404, "")])
        answer = script.pop(0) if len(script) > 1 else script[0]
        return Answer(
            url=answer.url or url,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
            reason=answer.reason,
        )


class Visit:
    """A visitor, with what it asked for and what it told."""

    def __init__(self, robots: Answer, **pages: Sequence[Answer]) -> None:
        answers = {f"{SITE}/{name}": script for name, script in pages.items()}
        self.script = Script({f"{SITE}/robots.txt": [robots]} | answers)
        self.clock = FakeClock()
        self.told: list[str] = []
        self.pacer = Pacer(self.clock)
        self.visitor = Visitor(self.script, SITE, pacer=self.pacer, tell=self.told.append)

    def data(self, name: str = "x") -> dict[str, object] | Missing:
        return self.visitor.data(f"{SITE}/{name}")


def test_a_page_is_asked_for_once_and_robots_first() -> None:
    visit = Visit(OPEN, x=[page()], y=[page()])
    assert visit.data() == {"a": 1}
    assert visit.data("y") == {"a": 1}
    assert visit.script.asked == [f"{SITE}/{name}" for name in ("robots.txt", "x", "y")]
    assert len(visit.clock.sleeps) == 2
    assert min(visit.clock.sleeps) >= MIN_PAUSE_S


@pytest.mark.parametrize(
    ("robots", "message"),
    [
        (page(500, ""), "the answer is 500"),
        (page(503, "", headers={"retry-after": "5"}), "the answer is 503"),
        (page(429, ""), "the answer is 429"),
        (page(401, ""), "the answer is 401"),
        (page(403, ""), "the answer is 403"),
        (page(302, ""), "the answer is 302"),
        (page(200, CHALLENGE, headers={"content-type": "text/html"}), "behind a test for humans"),
        (page(200, "<p>hello", headers={"content-type": "text/html"}), "a web page where"),
        (
            Answer(url="", status=0, reason="connection refused"),
            "cannot reach https://www.example.org: connection",
        ),
    ],
)
def test_without_a_clear_robots_txt_the_site_is_closed(robots: Answer, message: str) -> None:
    visit = Visit(robots, x=[page()])
    for _ in range(2):
        with pytest.raises(SiteError, match=message):
            visit.data()
    assert f"{SITE}/x" not in visit.script.asked


@pytest.mark.parametrize("robots", [page(404, "none"), page(410, ""), page(200, "", headers=TEXT)])
def test_a_site_without_rules_is_open(robots: Answer) -> None:
    assert Visit(robots, x=[page()]).data() == {"a": 1}


def test_what_robots_txt_forbids_is_not_asked_for() -> None:
    rules = "User-agent: *\nDisallow: /x\nCrawl-delay: 33"
    visit = Visit(page(200, rules, headers=TEXT), x=[page()], y=[page()])
    assert visit.data() == Missing(status="forbidden", reason="the site's robots.txt forbids it")
    assert visit.data("y") == {"a": 1}
    assert f"{SITE}/x" not in visit.script.asked
    with visit.pacer.turn():
        assert visit.clock.sleeps[-1] >= 33.0
    assert visit.told == [f"{SITE} wants 33 s between two pages"]


def test_rules_are_read_again_after_a_day() -> None:
    visit = Visit(OPEN, x=[page()])
    for hours in (0, 23, 2):
        visit.clock.at_s += hours * 3600.0
        assert visit.data() == {"a": 1}
    names = [url.removeprefix(f"{SITE}/") for url in visit.script.asked]
    assert names == ["robots.txt", "x", "x", "robots.txt", "x"]


def test_each_host_of_a_site_has_rules_of_its_own() -> None:
    other = "https://tabs.example.org"
    script = Script(
        {
            f"{SITE}/robots.txt": [page(404, "")],
            f"{other}/robots.txt": [page(200, "User-agent: *\nDisallow: /b", headers=TEXT)],
            f"{other}/a": [page()],
            f"{other}/b": [page()],
        }
    )
    visitor = Visitor(script, SITE, pacer=Pacer(FakeClock()), tell=lambda line: None)
    assert visitor.data(f"{other}/a") == {"a": 1}
    found = visitor.data(f"{other}/b")
    assert isinstance(found, Missing)
    assert found.status == "forbidden"
    assert script.asked == [f"{other}/robots.txt", f"{other}/a"]


@pytest.mark.parametrize(
    "url",
    [
        "http://www.example.org/x",
        "https://example.com/x",
        "https://notexample.org/x",
        "https://www.example.org.evil.net/x",
        "https://user@www.example.org/x",
        "file:///etc/passwd",
        "//www.example.org/x",
        "/tab/1",
        "javascript:alert(1)",
        "https://www.example.org:99999/x",
        "https://[::1/x",
        "",
    ],
)
def test_addresses_elsewhere_are_not_asked_for(url: str) -> None:
    visit = Visit(OPEN)
    found = visit.visitor.data(url)
    assert isinstance(found, Missing)
    assert found.status == "forbidden"
    assert visit.script.asked == []


@pytest.mark.parametrize(
    "trouble",
    [
        page(503, ""),
        page(500, "oops"),
        page(429, ""),
        page(200, GOOD[: GOOD.index("js-store") + 30]),
        page(200, "<p>nothing here"),
        Answer(url="", status=0, reason="timed out"),
    ],
)
def test_trouble_that_passes_costs_patience_only(trouble: Answer) -> None:
    visit = Visit(OPEN, x=[trouble, trouble, page()])
    assert visit.data() == {"a": 1}
    assert len(visit.told) == 2
    assert visit.clock.sleeps[-2:] == pytest.approx([30.0, 60.0])


def test_a_site_that_wants_us_to_wait_is_obeyed() -> None:
    visit = Visit(OPEN, x=[page(429, "", headers={"retry-after": "200"}), page()])
    visit.data()
    assert visit.clock.sleeps[-1] == pytest.approx(200.0)
    assert "200 s" in visit.told[0]


@pytest.mark.parametrize(
    ("answer", "message", "n_asked"),
    [
        (page(403, "no"), "answers 403", 1),
        (page(401, "no"), "answers 401", 1),
        (page(403, CHALLENGE), "proof that a human", 1),
        (page(503, CHALLENGE), "proof that a human", 1),
        (page(200, CHALLENGE), "proof that a human", 1),
        (page(429, "", headers={"retry-after": "7200"}), "come back in 120 minutes", 1),
        (page(429, ""), "asked too often", MAX_ATTEMPTS),
    ],
)
def test_a_site_that_says_no_is_left_alone(answer: Answer, message: str, n_asked: int) -> None:
    visit = Visit(OPEN, x=[answer])
    with pytest.raises(SiteError, match=message) as caught:
        visit.data()
    assert caught.value.message.startswith(SITE)
    assert visit.script.asked.count(f"{SITE}/x") == n_asked


def test_one_page_may_fail_but_not_several_in_a_row() -> None:
    names = [f"p{i}" for i in range(2 * MAX_FAILED_IN_A_ROW)]
    scripts = {name: [page(500, "")] for name in names} | {names[MAX_FAILED_IN_A_ROW - 1]: [page()]}
    visit = Visit(OPEN, **scripts)
    for name in names[:MAX_FAILED_IN_A_ROW]:
        visit.data(name)
    assert isinstance(visit.data(names[MAX_FAILED_IN_A_ROW]), Missing)
    assert isinstance(visit.data(names[MAX_FAILED_IN_A_ROW + 1]), Missing)
    with pytest.raises(SiteError, match="3 pages in a row"):
        visit.data(names[MAX_FAILED_IN_A_ROW + 2])


def test_gone_pages_are_no_failures() -> None:
    visit = Visit(OPEN)
    for _ in range(5):
        found = visit.data("nothing")
        assert isinstance(found, Missing)
        assert found.status == "gone"


@pytest.mark.parametrize(
    ("target", "used"),
    [
        (f"{SITE}/elsewhere", True),
        ("https://tabs.example.org/x", True),
        (f"{SITE}/private/x", False),
        ("https://login.example.com/", False),
        ("http://www.example.org/x", False),
    ],
)
def test_redirects_are_followed_within_the_rules_only(target: str, used: bool) -> None:
    robots = page(200, "User-agent: *\nDisallow: /private", headers=TEXT)
    visit = Visit(robots, x=[Answer(url=target, status=200, body=GOOD)])
    found = visit.data()
    assert (found == {"a": 1}) == used
    assert visit.script.asked.count(f"{SITE}/x") == 1


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://Example.org", "https://example.org"),
        (" http://127.0.0.1:8000/ ", "http://127.0.0.1:8000"),
    ],
)
def test_site_addresses(text: str, address: str) -> None:
    assert site_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.org",
        "ftp://x.org",
        "https://",
        "https://x.org/a",
        "https://u@x.org",
        "https://x:y",
        "https://[",
    ],
)
def test_what_is_no_site(text: str) -> None:
    make: Callable[[], Visitor] = lambda: Visitor(Script({}), text, pacer=Pacer(FakeClock()), tell=print)  # noqa: E731
    with pytest.raises(OptionError):
        make()
