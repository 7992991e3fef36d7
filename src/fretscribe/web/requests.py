"""Bodies of requests: JSON within a limit, and numbers of addresses."""

from __future__ import annotations

from starlette.requests import Request

from fretscribe.errors import OptionError
from fretscribe.io.json_fields import Field, load_json
from fretscribe.web.uploads import TooLargeError

_MAX_JSON_BYTES = 100_000


async def read_json(request: Request) -> Field:
    """The JSON object of a request.

    Raises
    ------
    TooLargeError
        If it is no small one.
    TabFormatError
        If it is no JSON.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_JSON_BYTES:
            raise TooLargeError(f"the request is larger than {_MAX_JSON_BYTES} bytes")
    return load_json(bytes(body), "request", max_bytes=_MAX_JSON_BYTES)


def query_number(request: Request, name: str) -> int | None:
    """A number of the query, None where it is absent.

    Raises
    ------
    OptionError
        If it is no number.
    """
    text = request.query_params.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise OptionError(f"{name} must be a number, not {text!r}")
    return int(text)
