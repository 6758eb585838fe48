"""The ASGI application: routes, request ids, errors in OpenAI's shape, and heals that end with their client.

The same application answers inside the program, without a port, and on loopback for other programs.
"""

from __future__ import annotations

from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.base.text import tr
from app.engines.host import EngineHost
from app.server.edits import Edits, OnProgress, in_pieces
from app.server.errors import LONGEST_ECHO, Rejected
from app.server.files import FileShelf
from app.server.guards import Answers, LoopbackOnly
from app.server.models import model_list, one_model

FILE_PIECE = 4 << 20


def create_app(
    host: EngineHost, on_progress: OnProgress | None = None, shelf: FileShelf | None = None
) -> Starlette:
    """The application over `host`, which stays the caller's to close."""
    shelf = shelf or FileShelf()

    async def file(request: Request) -> Response:
        kept = shelf.get(request.path_params["name"])
        view = memoryview(kept.data)
        pieces = [view[start : start + FILE_PIECE] for start in range(0, len(view), FILE_PIECE)]
        return in_pieces(pieces, kept.format.media_type)

    application = Starlette(
        routes=[
            Route("/v1/images/edits", Edits(host, shelf, on_progress).post, methods=["POST"]),
            Route("/v1/models", _models, methods=["GET"]),
            Route("/v1/models/{name:path}", _model, methods=["GET"]),
            Route("/v1/files/{name}", file, methods=["GET"], name="file"),
        ],
        exception_handlers={
            Rejected: _answer_rejected,
            HTTPException: _answer_http,
        },
    )
    # A redirect would be no error object, and many clients do not follow it with a body.
    application.router.redirect_slashes = False
    application.add_middleware(LoopbackOnly)
    application.add_middleware(Answers)
    return application


async def _models(request: Request) -> Response:
    return Response(model_list(), media_type="application/json")


async def _model(request: Request) -> Response:
    return Response(one_model(request.path_params["name"]), media_type="application/json")


async def _answer_rejected(request: Request, error: Exception) -> Response:
    assert isinstance(error, Rejected)
    return error.response()


async def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message, code = str(error.detail), "http_error"
    if error.status_code == HTTPStatus.NOT_FOUND:
        message, code = tr("There is nothing at {path}.", path=request.url.path[:LONGEST_ECHO]), "not_found"
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        message, code = (
            tr("This address does not take {method}.", method=request.method),
            "method_not_allowed",
        )
    response = Rejected(message, status=error.status_code, code=code).response()
    response.headers.update(error.headers or {})
    return response
