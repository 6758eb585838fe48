"""What the server says when it will not: one exception, and OpenAI's error object for the wire."""

from __future__ import annotations

import json

from starlette.responses import Response

from app.base.errors import InputError, MaskError, MaskroomError
from app.base.text import tr
from app.engines.types import HealMethod

LONGEST_ECHO = 100
"""Characters of what was sent that a message repeats."""


class Rejected(Exception):
    """A request that is answered with an error object instead of pictures."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        param: str | None = None,
        code: str | None = None,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.param = param
        self.code = code
        self.kind = kind

    def body(self) -> bytes:
        """The error object, in ASCII: a sender's text may hold what UTF-8 has no bytes for."""
        error = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        return json.dumps({"error": error}).encode("ascii")

    def response(self) -> Response:
        return Response(self.body(), self.status, media_type="application/json")


def rejection_of(error: MaskroomError, param: str | None = None) -> Rejected:
    """The answer to an error of ours: bad input is the client's, all else the server's."""
    message = " ".join(filter(None, (error.message, error.hint)))
    if isinstance(error, InputError):
        return Rejected(message, param="mask" if isinstance(error, MaskError) else param, code=error.code)
    return Rejected(message, status=500, code=error.code, kind="server_error")


def no_such_model(model: str) -> Rejected:
    """The answer to a request for a model that is not here."""
    known = ", ".join(method.value for method in HealMethod)
    return Rejected(
        tr(
            "There is no model {model} here. The models are {known}.", model=model[:LONGEST_ECHO], known=known
        ),
        status=404,
        param="model",
        code="model_not_found",
    )
