"""Everything that can go wrong on purpose: one sentence for people, one name for programs."""


class CnnlabError(Exception):
    """A failure that is explained to the user.

    Attributes:
        reason: Short name of the kind of failure, stable enough for scripts, such as "no-images".
        message: What happened, with which value, and what to do.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class ConfigError(CnnlabError):
    """A configuration breaks a rule; the message names field, rule and value."""

    def __init__(self, message: str, *, reason: str = "configuration") -> None:
        super().__init__(reason, message)


class NetworkError(ConfigError):
    """A network cannot be built; the message names the layer.

    Attributes:
        layer: Its place in the stack from 1, or None where no single layer is the cause.
    """

    def __init__(self, message: str, *, layer: int | None = None) -> None:
        super().__init__(message, reason="network")
        self.layer = layer


class WorkspaceError(CnnlabError):
    """The workspace folder cannot be used: missing, read-only, full."""


class PathError(CnnlabError):
    """A place that a user named cannot be looked up at all."""


class StoreError(CnnlabError):
    """The store cannot be read or written: locked, damaged, from a newer version."""


class DatasetError(CnnlabError):
    """A data set cannot be used: no pictures, one class only, folder gone."""


class ImageError(CnnlabError):
    """A picture cannot be read; `reason` is one of `cnnlab.datasets.images.ImageProblem`."""


class RunError(CnnlabError):
    """A run cannot do what was asked: unknown, unfinished, its files missing."""
