"""``python -m synthkit``."""

from __future__ import annotations

from synthkit.cli import main

if __name__ == "__main__":
    main()
