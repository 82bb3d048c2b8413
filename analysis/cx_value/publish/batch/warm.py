"""What a batch reads once for all its reports: imported for this effect alone.

A worker process is forked from one that has imported this module (``work.work_here``); what it
holds then, libraries, the code a notebook hangs on, dictionaries and fonts, no report reads again.
"""

from __future__ import annotations

import gc
from importlib import import_module

from cx_value.notebook.identity import PACKAGE, loaded_code_sha256
from cx_value.publish.build import NOT_IN_BRIEF
from cx_value.publish.depends import notebook_code
from cx_value.publish.execute import notebook_paths

#: What a report imports of others' packages while it is made.
LIBRARIES = (
    "scipy.stats", "scipy.optimize", "matplotlib.pyplot", "seaborn", "pingouin", "jinja2",
    "statsmodels.stats.multitest", "sklearn.linear_model", "sklearn.decomposition",
    "sklearn.feature_extraction.text", "sklearn.model_selection", "sklearn.pipeline",
    "pysenti", "vaderSentiment.vaderSentiment", "statsmodels.formula.api",
    "IPython.display", "doit.doit_cmd", "docx", "typst", "fontTools.ttLib", "rich.progress",
)  # fmt: skip
#: What prints, as a report imports it when it comes to it.
PRINTING = (
    "cx_value.publish.chapters.project", "cx_value.publish.rendering.render",
    "cx_value.publish.rendering.embedded", "cx_value.publish.word.document",
    "cx_value.publish.since", "cx_value.notebook.ledger",
)  # fmt: skip


def read_once() -> None:
    """Import what a report needs, and read what does not change from one to the next."""
    for name in (*LIBRARIES, *PRINTING):
        import_module(name)
    for notebook in notebook_paths():
        if notebook.stem in NOT_IN_BRIEF:
            continue
        for file in notebook_code(notebook):
            parts = file.relative_to(PACKAGE).with_suffix("").parts
            import_module(".".join(("cx_value", *parts)).removesuffix(".__init__"))
    loaded_code_sha256()
    from cx_value.base.style import check_glyphs
    from cx_value.evaluate.voice.script import comment_words

    comment_words("网点", "zh")
    check_glyphs("网点")
    # What stands here stays: no report's collector looks at it, and its pages stay shared.
    gc.collect()
    gc.freeze()


read_once()
