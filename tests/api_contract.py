"""Ask the JSON interface of a running server with everything schemathesis can think of (``make api-test``).

It reads the OpenAPI of the service and makes up requests that fit it and that do not: values at their limits, unknown
methods, chains of operations. Fails where the service breaks, or answers what it does not declare.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.filled import fill
from tests.programs import add_token
from tests.test_review_app import run_site
from tests.visitor import performer

#: a search has a grammar and a pair two states, which no description of a parameter tells
CONFIGURATION = """
[[operations]]
include-operation-id = ["list_stories", "list_articles", "show_ladder", "add_silence"]
checks.positive_data_acceptance.enabled = false
"""


def main() -> int:
    """Run it over a small archive; return the exit code of schemathesis."""
    examples = sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] else "200"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "schemathesis.toml").write_text(CONFIGURATION)
        for site in run_site(folder / "data", "en", performer=performer):
            fill(site.database)
            shown = add_token(site.database)["Authorization"]
            return subprocess.run(
                [
                    Path(sys.executable).parent / "schemathesis", "run",
                    f"http://127.0.0.1:{site.port}/api/openapi.json", "--max-examples", examples,
                    "--header", f"Authorization: {shown}",
                    "--generation-database", "none", "--continue-on-failure",
                ],
                cwd=folder,
                check=False,
            ).returncode  # fmt: skip
    return 2


if __name__ == "__main__":
    sys.exit(main())
