"""Imports what a training needs, so that a waiting worker has it in memory already."""

import cnnlab.training.run  # noqa: F401
