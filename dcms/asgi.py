"""What the server's worker processes load."""

import gc

from dcms.app import create_app
from dcms.logs import configure_logs
from dcms.settings import read_settings
from dcms.web.front import Front

# objects that may be made before the collector looks for cycles: a busy second leaves few of them
GARBAGE = 20_000


def create() -> Front:
    """The application with the settings of the environment."""
    settings = read_settings()
    configure_logs(settings)
    app = create_app(settings)
    # what is there now stays for ever: the collector need not look at it again
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)
    return app
