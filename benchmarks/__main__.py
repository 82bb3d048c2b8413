"""``python -m benchmarks``: run every ``bench_*.py`` of this folder, one after the other.

Each prints its own table of seconds and ratios, side by side with what users would pick instead
where that is installed. Nothing here is a test.
"""

import subprocess
import sys
from pathlib import Path

for script in sorted(Path(__file__).parent.glob("bench_*.py")):
    print(f"\n== {script.stem}", flush=True)
    subprocess.run([sys.executable, str(script), *sys.argv[1:]], check=False)
