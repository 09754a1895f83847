"""Where the files are that aren't Python: beside the package in a checkout, inside it when installed from a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = (_PACKAGE / "migrations").is_dir()

_SQL_HOME = _PACKAGE if _INSTALLED else _PACKAGE.parent
SQL_DIR = _SQL_HOME / "sql"
MIGRATIONS_DIR = _SQL_HOME / "migrations"

# Where .dcms lies: the checkout, or the folder the program is started in.
PROJECT_DIR = Path.cwd() if _INSTALLED else _PACKAGE.parent
