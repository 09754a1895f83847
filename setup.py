"""Puts sql/ and migrations/, which lie beside the package in a checkout, into it in a wheel; see dcms/paths.py."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithSql(build_py):
    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for folder in ("sql", "migrations"):
                target = Path(self.build_lib, "dcms", folder)
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(folder, target)


setup(cmdclass={"build_py": BuildWithSql})
