"""How often do the control charts of tracking raise an alarm in years in which nothing changes?

``python benchmarks/false_alarms.py [years] [--write]``: every year has waves of 300 respondents of
one population; the limits are taken from the same waves, as in a report. x̄ chart on scores of
seven points, p chart on a share of 22 %, EWMA on that share. ``--write`` puts the table into
``benchmarks/RESULTS.md``.
"""

# ruff: noqa: E402  (the package is on the path only after the lines before its import)

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "analysis"))

from cx_value.evaluate.tracking.charts import mean_limits, share_limits, smoothed

RESPONDENTS, SHARE, WAVES = 300, 0.22, (4, 8, 12, 24)
POINTS = np.array([0.02, 0.05, 0.1, 0.2, 0.28, 0.22, 0.13])
HEADING = "### Control charts"


def one_year(random: np.random.Generator, waves: int) -> dict[str, np.ndarray]:
    """Return for each chart which waves of a stable year raise an alarm."""
    size = np.full(waves, RESPONDENTS)
    scores = random.choice(7, p=POINTS, size=(waves, RESPONDENTS)) / 6 * 100
    mean = scores.mean(axis=1)
    _, low, high = mean_limits(mean, scores.std(axis=1, ddof=1), size)
    count = random.binomial(RESPONDENTS, SHARE, size=waves)
    share = count / RESPONDENTS
    _, p_low, p_high = share_limits(count, size)
    z, z_low, z_high = smoothed(share)
    return {"x̄": (mean < low) | (mean > high), "p": (share < p_low) | (share > p_high),
            "EWMA": (z < z_low) | (z > z_high)}  # fmt: skip


def table(years: int) -> str:
    """Return the table in Markdown: alarms a wave, and years with any."""
    random = np.random.default_rng(11)
    lines = ["| Chart | Waves | Alarms per wave | Years with an alarm |", "|---|---:|---:|---:|"]
    for waves in WAVES:
        runs = [one_year(random, waves) for _ in range(years)]
        for chart in runs[0]:
            alarms = np.array([run[chart] for run in runs])
            lines.append(f"| {chart} | {waves} | {alarms.mean():.2%} | "
                         f"{alarms.any(axis=1).mean():.1%} |")  # fmt: skip
    return "\n".join(lines)


def main() -> None:
    numbers = [word for word in sys.argv[1:] if word.isdigit()]
    years = int(numbers[0]) if numbers else 1000
    found = table(years)
    print(found)
    if "--write" not in sys.argv:
        return
    text = (
        f"{HEADING}\n\nAlarms in {years:,} simulated years in which nothing changes, limits taken "
        f"from the same waves of {RESPONDENTS} respondents (`benchmarks/false_alarms.py`); three "
        f"standard errors with known limits give 0.27% a wave.\n\n{found}\n\n"
    )
    file = ROOT / "benchmarks" / "RESULTS.md"
    results = file.read_text(encoding="utf-8")
    results = re.sub(rf"{HEADING}\n.*?(?=^##)", "", results, flags=re.S | re.M)
    file.write_text(results.replace("## Whole reports", text + "## Whole reports", 1), "utf-8")


if __name__ == "__main__":
    main()
