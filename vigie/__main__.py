"""``vigie`` and ``python -m vigie``."""

from __future__ import annotations

import gc
import sys

from vigie.commands import run_command_line


def main() -> None:
    """Run the command line and leave with its exit code."""
    code = run_command_line()
    # The last collection of garbage looks through rules, words and libraries that the end of the process frees anyway:
    # a service that has stopped would linger for seconds on a busy machine.
    gc.disable()
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    main()
