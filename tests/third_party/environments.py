"""Environments of their own, as a stranger has one: what synthkit needs is there, and what a test installs."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path


class Environment:
    """A fresh virtual environment that also sees the packages of this one; nothing is downloaded."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=False)
        self.folder = folder
        self.python = folder / "bin" / "python"
        [packages] = folder.glob("lib/*/site-packages")
        seen = [path for path in sys.path if path.endswith("site-packages")]
        lines = [f"import site; site.addsitedir({path!r})" for path in seen]
        (packages / "seen.pth").write_text("\n".join(lines) + "\n", "utf-8")
        for name in ("pip", "pytest", "synthkit"):
            script = folder / "bin" / name
            script.write_text(f'#!/bin/sh\nexec "{self.python}" -m {name} "$@"\n', "utf-8")
            script.chmod(0o755)

    def install(self, project: Path) -> None:
        """Build a project as a wheel and install it, without its dependencies, which are there."""
        self._pip("wheel", "--no-build-isolation", "--wheel-dir", self.folder / "wheels", "--no-deps", project)
        [wheel] = sorted((self.folder / "wheels").glob("*.whl"), key=lambda path: path.stat().st_mtime_ns)[-1:]
        self._pip("install", "--no-deps", "--no-index", wheel, into=True)

    def run(self, *arguments: object, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run this environment's Python, and expect an exit code."""
        command = [str(self.python), *map(str, arguments)]
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, env=self.variables())
        assert done.returncode == code, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def variables(self) -> dict[str, str]:
        """The environment variables in which its scripts come first, and pip builds with what is there."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "COV_CORE"))}
        path = f"{self.folder / 'bin'}{os.pathsep}{kept['PATH']}"
        pip = {"PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        return {**kept, **pip, "PATH": path, "SYNTHKIT_SIGNING_KEY": "a long key for tests"}

    def _pip(self, *arguments: object, into: bool = False) -> None:
        where = ["--python", str(self.python)] if into else []
        quiet = ["--quiet", "--disable-pip-version-check"]
        command = [sys.executable, "-m", "pip", *where, arguments[0], *quiet, *arguments[1:]]
        subprocess.run([*map(str, command)], check=True, capture_output=True)
