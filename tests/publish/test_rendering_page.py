"""The HTML page in a real browser: axe objects to nothing, the title comes first, all fits."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest

from cx_value.publish.rendering.embedded import render_embedded
from rendering_sample import write_sample_report

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, _BROWSERS)), None)
needs_browser = pytest.mark.skipif(
    CHROMIUM is None or find_spec("axe_core_python") is None, reason="a browser looks at the page"
)
PROBE = """
<script>{axe}</script>
<script>
axe.run().then((found) => {{
  const said = document.createElement("pre");
  const wide = document.documentElement.scrollWidth - innerWidth;
  const title = document.querySelector("h1").getBoundingClientRect().top;
  said.textContent = "FOUND" + JSON.stringify({{
    violations: found.violations.map((v) => v.id), wide, title,
  }}) + "END";
  document.body.append(said);
}});
</script>
</body>"""


@pytest.fixture(scope="module", params=["en", "zh"])
def page(request, tmp_path_factory) -> Path:
    project = write_sample_report(tmp_path_factory.mktemp("page") / "report", request.param)
    return render_embedded(project, ["html"])["html"]


def look(page: Path, width: int) -> dict:
    axe = Path(next(iter(find_spec("axe_core_python").submodule_search_locations))) / "axe.min.js"
    script = axe.read_text(encoding="utf-8").replace("</script>", "<\\/script>")
    probed = page.with_name(f"probed-{width}.html")
    text = page.read_text(encoding="utf-8").replace("</body>", PROBE.format(axe=script))
    probed.write_text(text, encoding="utf-8")
    run = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--window-size={width},900",
         "--virtual-time-budget=10000", "--dump-dom", probed.as_uri()],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return json.loads(re.findall(r"FOUND(\{.*?\})END", run.stdout)[-1])


@needs_browser
@pytest.mark.parametrize("width", [500, 768, 1280])
def test_a_browser_finds_nothing_to_object_to(page, width):
    found = look(page, width)
    assert found["violations"] == []
    assert found["wide"] <= 0 and found["title"] < 200


def test_headings_are_one_tree(page):
    levels = [int(n) for n in re.findall(r"<h([1-6])\b", page.read_text(encoding="utf-8"))]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_head_names_its_column(page):
    html = page.read_text(encoding="utf-8")
    heads = re.findall(r"<th\b[^>]*>", "".join(re.findall(r"<thead>.*?</thead>", html, re.S)))
    assert heads and all('scope="col"' in head for head in heads)
