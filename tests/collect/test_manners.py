"""What is made of an answer, and the pauses."""

from __future__ import annotations

import datetime
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe import __version__
from fretscribe.collect.answer import Answer
from fretscribe.collect.manners import (
    JITTER_S,
    MAX_ATTEMPTS,
    MAX_WAIT_S,
    MIN_PAUSE_S,
    USER_AGENT,
    Pacer,
    judge,
    retry_after_s,
)
from tab_site import CHALLENGE, FakeClock, http_date

NOW = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)


def verdict(
    status: int, *, attempt: int = 1, trouble: str = "", body: str = "", **headers: str
) -> tuple[str, float]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = Answer(url="u", status=status, headers=named, body=body, reason="broke off")
    judgement = judge(answer, attempt=attempt, trouble=trouble, now=NOW)
    return judgement.verdict, judgement.wait_s


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, ("use", 0.0)),
        (404, ("gone", 0.0)),
        (410, ("gone", 0.0)),
        (400, ("failed", 0.0)),
        (401, ("stop", 0.0)),
        (403, ("stop", 0.0)),
        (451, ("stop", 0.0)),
        (429, ("wait", 30.0)),
        (500, ("wait", 30.0)),
        (503, ("wait", 30.0)),
        (0, ("wait", 30.0)),
    ],
)
def test_each_status_has_its_verdict(status: int, expected: tuple[str, float]) -> None:
    assert verdict(status) == expected


def test_patience_grows_and_ends() -> None:
    assert [verdict(503, attempt=attempt) for attempt in (1, 2, 3)] == [
        ("wait", 30),
        ("wait", 60),
        ("wait", 120),
    ]
    assert verdict(503, attempt=MAX_ATTEMPTS)[0] == "failed"
    assert verdict(0, attempt=MAX_ATTEMPTS)[0] == "failed"
    assert verdict(200, trouble="cut off", attempt=1)[0] == "wait"
    assert verdict(200, trouble="cut off", attempt=MAX_ATTEMPTS)[0] == "failed"
    assert verdict(429, attempt=MAX_ATTEMPTS)[0] == "stop"


def test_retry_after_is_obeyed_but_never_shortens_the_wait() -> None:
    assert verdict(429, retry_after="75") == ("wait", 75.0)
    assert verdict(429, retry_after="1") == ("wait", 30.0)
    assert verdict(503, retry_after=http_date(NOW + datetime.timedelta(seconds=90))) == ("wait", 90.0)
    assert verdict(503, retry_after="soon") == ("wait", 30.0)
    assert verdict(429, retry_after=str(MAX_WAIT_S + 1))[0] == "wait"  # no whole number: not understood
    assert verdict(429, retry_after="86400")[0] == "stop"


@given(st.text(max_size=40) | st.integers().map(str))
def test_any_retry_after_is_read(text: str) -> None:
    seconds = retry_after_s(text, NOW)
    assert seconds is None or seconds >= 0.0


@pytest.mark.parametrize("status", [200, 403, 429, 503])
def test_a_test_for_humans_ends_the_visit(status: int) -> None:
    assert verdict(status, trouble="no store" if status == 200 else "", body=CHALLENGE)[0] == "stop"
    assert verdict(status, trouble="no store", cf_mitigated="challenge")[0] == "stop"


def test_a_good_page_may_speak_of_captchas() -> None:
    assert verdict(200, body="a song called Captcha")[0] == "use"
    assert verdict(404, body="<script src=recaptcha.js>")[0] == "gone"


def test_we_say_who_we_are() -> None:
    assert USER_AGENT.startswith(f"fretscribe/{__version__} (")
    assert "Mozilla" not in USER_AGENT


def test_pauses_are_never_shorter_than_the_shortest() -> None:
    clock = FakeClock()
    pacer = Pacer(clock, random.Random(1))  # noqa: S311
    pauses = []
    for _ in range(200):
        before_s = clock.at_s
        with pacer.turn():
            pauses.append(clock.at_s - before_s)
            clock.at_s += 3.0  # the page takes its time: the pause begins when it is there
    assert pauses[0] == 0.0
    assert MIN_PAUSE_S == 5.0
    assert min(pauses[1:]) >= MIN_PAUSE_S
    assert max(pauses) <= MIN_PAUSE_S + JITTER_S
    assert len({round(pause, 3) for pause in pauses}) > 100


def test_a_site_can_slow_us_down_but_not_speed_us_up() -> None:
    clock = FakeClock()
    pacer = Pacer(clock, random.Random(1))  # noqa: S311
    for wish_s, least_s in ((1.0, MIN_PAUSE_S), (40.0, 40.0), (2.0, 40.0)):
        pacer.slow_down(wish_s)
        with pacer.turn():
            pass
        before_s = clock.at_s
        with pacer.turn():
            assert clock.at_s - before_s >= least_s


def test_a_failed_request_is_followed_by_a_pause_too() -> None:
    clock = FakeClock()
    pacer = Pacer(clock)
    with pytest.raises(KeyboardInterrupt), pacer.turn():
        raise KeyboardInterrupt
    before_s = clock.at_s
    pacer.hold(1.0)
    with pacer.turn():
        assert clock.at_s - before_s >= MIN_PAUSE_S
