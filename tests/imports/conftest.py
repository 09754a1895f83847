"""What the tests of imports share."""

from pathlib import Path

import pytest

from tests.api import Api
from tests.imports.files import Importing


@pytest.fixture
def importing(api: Api, tmp_path: Path) -> Importing:
    """Imports files into the test's clinic."""
    return Importing(api, tmp_path)
