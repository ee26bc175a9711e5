# SPDX-License-Identifier: ISC
"""main: collect the cases, start one bed, run."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bed"))
import bed as beds      # noqa: E402
import tap              # noqa: E402
from lab import Lab     # noqa: E402
import test_cli         # noqa: E402,F401
import test_records     # noqa: E402,F401
import test_policy      # noqa: E402,F401
import test_corpus      # noqa: E402,F401
import test_fix         # noqa: E402,F401
import test_sources     # noqa: E402,F401
import test_own         # noqa: E402,F401
import test_zone        # noqa: E402,F401
import test_time        # noqa: E402,F401
import test_page        # noqa: E402,F401
import test_views       # noqa: E402,F401
import test_daemon_http     # noqa: E402,F401
import test_daemon_life     # noqa: E402,F401
import test_daemon_store    # noqa: E402,F401
import test_daemon_tell     # noqa: E402,F401
import test_daemon_time     # noqa: E402,F401
import test_monitoring      # noqa: E402,F401


def main():
    build, pattern = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    if not os.access(os.path.join(build, "m365dnsd"), os.X_OK):
        print("1..0 # SKIP %s/m365dnsd is not built" % build)
        return 1
    if beds.missing_tools():
        print("1..0 # SKIP missing packages: " + " ".join(beds.missing_tools()))
        return 0
    beds.end_on_signals()
    lab = Lab(build)
    try:
        lab.start()
        return 1 if tap.run(lab, pattern, threads=int(os.environ.get("TEST_JOBS", "6"))) else 0
    finally:
        lab.stop()


if __name__ == "__main__":
    sys.exit(main())
