"""Lets several worker processes add up their measures.

They write into files of one folder, which the one that is asked adds up: prometheus_client's multiprocess mode. It
is chosen by a variable when that library is imported, so this module must not import it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def shared_measures(workers: int) -> Iterator[None]:
    """Around the serving of several workers: a fresh folder, which they inherit by the environment."""
    if workers == 1 or VARIABLE in os.environ:
        yield
        return
    with TemporaryDirectory(prefix="dcms-measures-") as folder:
        os.environ[VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[VARIABLE]
