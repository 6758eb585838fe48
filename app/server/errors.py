"""What the server says when it will not: one exception, and OpenAI's error object for the wire."""

from __future__ import annotations

from starlette.responses import JSONResponse

from app.base.errors import InputError, MaskError, MaskroomError


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

    def response(self) -> JSONResponse:
        error = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        return JSONResponse({"error": error}, self.status)


def rejection_of(error: MaskroomError, param: str | None = None) -> Rejected:
    """The answer to an error of ours: bad input is the client's, all else the server's."""
    message = " ".join(filter(None, (error.message, error.hint)))
    if isinstance(error, InputError):
        return Rejected(message, param="mask" if isinstance(error, MaskError) else param, code=error.code)
    return Rejected(message, status=500, code=error.code, kind="server_error")
