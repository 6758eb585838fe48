"""The one tree of errors. Each has a sentence for the user, a hint for the next step, and an exit code.

    MaskroomError
    ├── InternalError            a fault of the program itself
    ├── UsageError               a command or option that cannot be
    │   └── FieldError           one field of a form or a file that cannot be
    ├── InputError               bad input: nothing was changed
    │   ├── PhotographError      a file that is no usable picture
    │   ├── MaskError            a mask of another size, empty, or unusable
    │   └── OutputError          the result cannot be written
    ├── StoreError               the history or the settings cannot be read or written
    ├── EngineError              the built-in engine failed
    └── GatewayError
        ├── Refused              4xx: key, billing, policy, parameters
        ├── Unreachable          no connection, time-out, 5xx
        └── BadReply             a 2xx without a usable image

Cancelling is no error, see `app.base.cancel`. Foreign exceptions become one of these in `from_os_error`
or at the border of the room that calls the foreign code.
"""

from __future__ import annotations

import enum
import errno

from app.base.text import tr

RELOCATE = "history.relocate"
"""The id of the command that chooses another folder for the data: errors of several rooms offer it."""


class ExitCode(enum.IntEnum):
    """What the command line returns; a contract with scripts."""

    DONE = 0
    INTERNAL = 1
    USAGE = 2
    REFUSED = 3
    UNREACHABLE = 4
    BAD_REPLY = 5
    CANCELLED = 130


class MaskroomError(Exception):
    """Base of all errors that are told to the user.

    `message` is one sentence, `hint` the next step, `details` is for the log and never shown, `retryable`
    tells that the same action may succeed later, `request_id` is the provider's own, where it gave one.
    `commands` are the ids of commands that may mend it, for a window to offer.
    """

    code = "internal"
    exit_code = ExitCode.INTERNAL

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        details: str = "",
        retryable: bool = False,
        request_id: str | None = None,
        code: str | None = None,
        commands: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.commands = commands
        self.message = message
        self.hint = hint
        self.details = details
        self.retryable = retryable
        self.request_id = request_id
        if code is not None:
            self.code = code


class InternalError(MaskroomError):
    """A fault of the program itself."""


class UsageError(MaskroomError):
    """A command, option or setting that cannot be."""

    code = "usage"
    exit_code = ExitCode.USAGE


class FieldError(UsageError):
    """One field of several that were given is wrong.

    `field` names it, so that the fault can be shown where it was typed; `problem` is the fault in words, part
    of a sentence, without the name.
    """

    def __init__(self, message: str, hint: str = "", *, field: str, problem: str, code: str) -> None:
        super().__init__(message, hint, code=code)
        self.field = field
        self.problem = problem


class InputError(MaskroomError):
    """Bad input; nothing was changed."""

    code = "bad_input"
    exit_code = ExitCode.USAGE


class PhotographError(InputError):
    """A file that is no usable picture."""

    code = "bad_photograph"


class MaskError(InputError):
    """A mask of another size, without a pixel to edit, or unusable."""

    code = "bad_mask"


class OutputError(InputError):
    """The result cannot be written there."""

    code = "bad_output"


class StoreError(MaskroomError):
    """The history or the settings cannot be read or written."""

    code = "store"
    exit_code = ExitCode.USAGE


class EngineError(MaskroomError):
    """The built-in engine failed."""

    code = "engine"


class GatewayError(MaskroomError):
    """Something went wrong between Maskroom and a provider."""

    code = "gateway"
    exit_code = ExitCode.REFUSED


class Refused(GatewayError):
    """The provider answered that it will not do this (4xx)."""

    code = "refused"
    exit_code = ExitCode.REFUSED


class Unreachable(GatewayError):
    """No connection, no answer in time, or a fault on the provider's side (5xx)."""

    code = "unreachable"
    exit_code = ExitCode.UNREACHABLE


class BadReply(GatewayError):
    """The provider said that all went well, but sent no usable image."""

    code = "bad_reply"
    exit_code = ExitCode.BAD_REPLY


def from_os_error(error: OSError, name: str, *, kind: type[MaskroomError]) -> MaskroomError:
    """The error of class `kind` that tells in words why the file called `name` could not be read or written."""
    reason, hint = {
        errno.ENOENT: (tr("it does not exist"), tr("Check the name and the folder.")),
        errno.EACCES: (tr("access is denied"), tr("Choose another folder or change its permissions.")),
        errno.EPERM: (tr("access is denied"), tr("Choose another folder or change its permissions.")),
        errno.EROFS: (tr("the disk is read-only"), tr("Choose another folder.")),
        errno.ENOSPC: (tr("the disk is full"), tr("Free some space or choose another disk.")),
        errno.EDQUOT: (tr("your disk quota is used up"), tr("Free some space or choose another disk.")),
        errno.EISDIR: (tr("it is a folder"), tr("Name a file.")),
        errno.ENOTDIR: (tr("a part of its path is not a folder"), tr("Check the path.")),
        errno.EEXIST: (tr("a file of that name is in the way"), tr("Choose another name, or move the file.")),
        errno.ELOOP: (tr("its links lead in a circle"), tr("Check the path.")),
        errno.ENAMETOOLONG: (tr("its name is too long"), tr("Choose a shorter name.")),
    }.get(
        error.errno or 0,
        (error.strerror or tr("the system refused"), tr("Try again or choose another place.")),
    )
    return kind(tr("“{name}”: {reason}.", name=name, reason=reason), hint, details=repr(error))
