"""The report of a study with everything that can go wrong stands, in two languages.

What is wrong is told where it belongs, and beside it is what these answers do allow: formative
constructs by PLS with the hypotheses judged by it, pooled imputations, prices offered.
"""

import re

import pytest

from cx_value.publish.build import Job, build_report
from cx_value.study import read_study
from rough_study import write_rough_study

SAID = {
    "en": [
        "Contentment", "without variance they measure nothing", "nobody answered from a category",
        "one person’s view", "do not connect all indicators", "Other answers (3)",
        "which covariance-based models do not estimate", "the hypotheses are judged by it",
        "Paths by partial least squares", "3 imputed data sets", "Of the 3 prices offered",
    ],
    "zh": [
        "满足", "没有方差", "权重仅代表个人意见", "未能连接全部指标", "其他回答（3",
        "协方差结构模型不予估计", "假设检验以此为准", "偏最小二乘法的路径", "3 份插补数据",
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    file = write_rough_study(tmp_path_factory.mktemp("study") / "rough")
    out = tmp_path_factory.mktemp("build")
    build_report(
        Job(study_file=file, study=read_study(file), languages=("en", "zh"), formats=("html",),
            renderer="embedded", draft=True, out=out, kernels=False)
    )  # fmt: skip
    return out / "rough"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_is_wrong_is_told_and_the_rest_stands(built, lang):
    text = (built / f"report-{lang}" / "report.html").read_text(encoding="utf-8")
    plain = re.sub(r"<(style|script|svg)\b.*?</\1>|<[^>]+>", "", text, flags=re.S)
    plain = re.sub(r"\s+", " ", plain).replace("\xad", "")
    lacking = [said for said in SAID[lang] if said not in plain]
    assert lacking == []
