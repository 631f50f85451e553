"""Settings of a workspace that the store keeps."""

from __future__ import annotations

import math

from sqlalchemy import delete, insert, select

from cnnlab.datasets.pixel_cache import DEFAULT_BUDGET_BYTES, GIGABYTE
from cnnlab.errors import ConfigError
from cnnlab.runs.schema import meta
from cnnlab.runs.store import Store

_PIXEL_BUDGET = "pixel_budget_gb"


def pixel_budget_bytes(store: Store) -> int:
    """Most that the prepared pictures of all runs may take on the disk."""
    query = select(meta.c.value).where(meta.c.name == _PIXEL_BUDGET)
    with store.read() as connection:
        value = connection.execute(query).scalar()
    return DEFAULT_BUDGET_BYTES if value is None else int(float(value) * GIGABYTE)


def set_pixel_budget(store: Store, gigabytes: float) -> None:
    """Change the budget of prepared pictures; it is kept from the next preparation on.

    Raises:
        ConfigError: If it is not a number from 0 on.
    """
    if not (math.isfinite(gigabytes) and gigabytes >= 0):
        raise ConfigError(
            f"The budget of prepared pictures must be 0 GB or more. Received: {gigabytes}"
        )
    with store.write() as connection:
        connection.execute(delete(meta).where(meta.c.name == _PIXEL_BUDGET))
        connection.execute(insert(meta).values(name=_PIXEL_BUDGET, value=repr(gigabytes)))
