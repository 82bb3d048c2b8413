"""A small bilingual report that uses every construct the chapters may use."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from analysis.publish.project import install_theme

BIBLIOGRAPHY = """\
@article{fornell1996,
  author = {Fornell, Claes and Johnson, Michael D. and Anderson, Eugene W. and Cha, Jaesung and Bryant, Barbara Everitt},
  title = {The {American} Customer Satisfaction Index: Nature, Purpose, and Findings},
  journal = {Journal of Marketing}, year = {1996}, volume = {60}, number = {4}, pages = {7--18},
  doi = {10.1177/002224299606000403}
}
@article{tenenhaus2005,
  author = {Tenenhaus, Michel and Vinzi, Vincenzo Esposito and Chatelin, Yves-Marie and Lauro, Carlo},
  title = {{PLS} path modeling}, journal = {Computational Statistics \\& Data Analysis},
  year = {2005}, volume = {48}, number = {1}, pages = {159--205}, doi = {10.1016/j.csda.2004.03.005}
}
"""

FRONT = {
    "en": """\
---
title: "Customer experience and customer value: mobile telephony"
subtitle: A sample report
author: "Sample study"
date: 2026-03-01
sample-size: "250"
abstract: |
  Satisfaction is measured with six constructs. The path from image to satisfaction is the
  strongest (*β* = .51, *p* < .001); two scales are too weak to be interpreted on their own.
---
""",
    "zh": """\
---
title: 客户体验与客户价值评估：移动通信
subtitle: 样例报告
author: 样例研究
date: 2026-03-01
sample-size: "250"
abstract: |
  本报告以六个构念测量客户满意度。形象对满意度的路径最强（*β* = .51，*p* < .001）；两个量表的信度过低，不宜单独解释。
---
""",
}

CHAPTERS = {
    "en": {
        "_01_method.qmd": """\
# Method {#sec-method}

The index follows @fornell1996 and was re-analysed with partial least squares
[@tenenhaus2005; @fornell1996]. The sample has {{< meta sample-size >}} answers.[^rows]
@sec-results reports the results, [@fig-path; @tbl-fit] sum them up, @eq-alpha defines alpha and
@sec-items lists the items ([-@tbl-items]). The model is drawn in `lavaan` syntax.

[^rows]: Rows with no answer at all were left out; see @fornell1996.

$$
\\alpha = \\frac{k}{k-1}\\left(1 - \\frac{\\sum_i \\sigma_i^2}{\\sigma_X^2}\\right)
$$ {#eq-alpha}

Here $k$ is the number of items and $\\sigma_X^2$ the variance of the sum score. A second
paragraph shows how justified text runs over several lines when the sentence is long enough to
be broken, which this one certainly is, as it goes on and on until the end of the third line.

## Constructs {#sec-constructs}

- Image, expectations, quality, value, satisfaction and loyalty.
- Each item is answered from 1 to 10.

1. First step.
2. Second step.

```
SAT ~ IMAG + QUAL + VAL
LOY ~ SAT
```

::: {.callout-note}
A plain note without a title of its own.
:::

::: {.callout-warning title="Weak scales"}
Two scales have α below .50: see @tbl-fit.
:::

::: {.callout-important}
## Read this first
The full model is under-identified on these data.
:::
""",
        "_02_results.qmd": """\
# Results {#sec-results}

![Path model with standardised coefficients. Dashed lines are not significant.](figures/path){#fig-path fig-alt="Path model"}

| Index | Estimate | 95% CI | Cutoff | Source | Verdict |
|:------|---------:|:-------|-------:|:-------|:--------|
| CFI | .931 | [.901, .957] | ≥ .95 | Hu & Bentler (1999) | below the cutoff |
| RMSEA | .092 | [.071, .114] | ≤ .06 | Hu & Bentler (1999) | above the cutoff |
| SRMR | .065 | – | ≤ .08 | Hu & Bentler (1999) | within the cutoff |

: Fit of the measurement model {#tbl-fit tbl-colwidths="[12,12,18,12,24,22]"}

::: {.table-note}
*Note.* CI = confidence interval. A dash marks an index without an interval.
:::

As @tbl-fit shows, the fit is mixed; @tbl-wide has all correlations and @tbl-long all items.

WIDE_TABLE

: Correlations of the items {#tbl-wide}

{{< pagebreak >}}

## A table over more than one page {#sec-long}

LONG_TABLE

: Every answer {#tbl-long}

::: {.landscape}

LANDSCAPE_TABLE

: A table on a page turned sideways {#tbl-sideways}

:::

After the sideways page the text goes on upright, and refers to @sec-constructs.

# References {.unnumbered}

::: {#refs}
:::
""",
        "_90_appendix.qmd": """\
# Questionnaire {#sec-appendix .annex}

The wording of the items is our own.

## Items {#sec-items}

| Item | Wording |
|:-----|:--------|
| SAT1 | All in all, how satisfied are you with your provider? |
| SAT2 | How far does your provider fall short of or go beyond what you expected? |

: Items {#tbl-items tbl-colwidths="[20,80]"}

## Software {#sec-software}

See @sec-appendix.
""",
    },
    "zh": {
        "_01_method.qmd": """\
# 方法 {#sec-method}

指数沿用 Fornell 等[@fornell1996]的框架，并以偏最小二乘法重新分析[@tenenhaus2005; @fornell1996]。样本共
{{< meta sample-size >}} 份有效问卷。[^rows]结果见[@sec-results]，图表如[@fig-path]与[@tbl-fit]所示，信度系数由[@eq-alpha]定义，题项列于[@sec-items]。

[^rows]: 全部题项均未作答的问卷已剔除。

$$
\\alpha = \\frac{k}{k-1}\\left(1 - \\frac{\\sum_i \\sigma_i^2}{\\sigma_X^2}\\right)
$$ {#eq-alpha}

其中 $k$ 为题项数，$\\sigma_X^2$ 为总分方差。客户满意度是客户对产品或服务的整体评价，它取决于感知质量、感知价值与期望之间的比较；当感知超过期望时，客户感到满意，并更可能保持忠诚，反之则可能抱怨甚至流失。

第二段用来检验中文段落的首行缩进与两端对齐。报告正文的每一个数字都来自结果库，而不是手工录入；每一项判断都注明所依据的临界值及其来源，以便审稿人逐项核对。

## 构念 {#sec-constructs}

- 形象、期望、质量、价值、满意与忠诚。
- 每题以 1 至 10 分作答。

1. 第一步。
2. 第二步。

::: {.callout-note}
没有自拟标题的普通说明。
:::

::: {.callout-warning title="信度偏低"}
两个量表的 α 低于 .50，见[@tbl-fit]。
:::

::: {.callout-important}
## 请先阅读
完整模型在这份数据上无法识别。
:::
""",
        "_02_results.qmd": """\
# 结果 {#sec-results}

![标准化路径系数。虚线表示不显著。](figures/path){#fig-path fig-alt="路径模型"}

| 指标 | 估计值 | 95% 置信区间 | 临界值 | 来源 | 判断 |
|:------|---------:|:-------|-------:|:-------|:--------|
| CFI | .931 | [.901, .957] | ≥ .95 | Hu & Bentler (1999) | 低于临界值 |
| RMSEA | .092 | [.071, .114] | ≤ .06 | Hu & Bentler (1999) | 高于临界值 |
| SRMR | .065 | – | ≤ .08 | Hu & Bentler (1999) | 达到要求 |

: 测量模型的拟合指标 {#tbl-fit tbl-colwidths="[12,12,18,12,24,22]"}

::: {.table-note}
注：短横表示该指标没有置信区间。
:::

如[@tbl-fit]所示，拟合好坏参半；相关系数见[@tbl-wide]，全部题项见[@tbl-long]。

WIDE_TABLE

: 题项之间的相关系数 {#tbl-wide}

{{< pagebreak >}}

## 跨页的长表 {#sec-long}

LONG_TABLE

: 全部作答 {#tbl-long}

::: {.landscape}

LANDSCAPE_TABLE

: 横向页面上的表 {#tbl-sideways}

:::

横页之后正文恢复纵向，并引用[@sec-constructs]。

# 参考文献 {.unnumbered}

::: {#refs}
:::
""",
        "_90_appendix.qmd": """\
# 问卷 {#sec-appendix .annex}

题项措辞为本项目自拟。

## 题项 {#sec-items}

| 题项 | 措辞 |
|:-----|:--------|
| SAT1 | 总体而言，您对该运营商有多满意？ |
| SAT2 | 与您的期望相比，该运营商的表现如何？ |

: 题项 {#tbl-items tbl-colwidths="[20,80]"}

## 软件 {#sec-software}

参见[@sec-appendix]。
""",
    },
}


def write_sample_report(project: Path, lang: str) -> Path:
    """Write the sample project of one language and return its folder."""
    install_theme(project, lang)
    tables = {
        "WIDE_TABLE": _grid(14, 14, ["Item" if lang == "en" else "题项"]),
        "LONG_TABLE": _grid(4, 60, ["Item" if lang == "en" else "题项"]),
        "LANDSCAPE_TABLE": _grid(20, 8, ["Item" if lang == "en" else "题项"]),
    }
    for name, text in CHAPTERS[lang].items():
        for word, table in tables.items():
            text = text.replace(word, table)
        (project / name).write_text(text, encoding="utf-8")
    includes = "\n\n".join(f"{{{{< include {name} >}}}}" for name in CHAPTERS[lang])
    (project / "report.qmd").write_text(FRONT[lang] + "\n" + includes + "\n", encoding="utf-8")
    (project / "references.bib").write_text(BIBLIOGRAPHY, encoding="utf-8")
    (project / "figures").mkdir(exist_ok=True)
    (project / "figures" / "path.svg").write_text(SVG, encoding="utf-8")
    (project / "figures" / "path.png").write_bytes(_png(600, 260))
    return project


def _grid(columns: int, rows: int, head: list[str]) -> str:
    names = head + [f"V{i:02d}" for i in range(1, columns)]
    lines = ["| " + " | ".join(names) + " |", "|:--|" + "--:|" * (columns - 1)]
    for row in range(1, rows + 1):
        cells = [f"V{row:02d}"] + [f".{(row * 37 + i * 11) % 1000:03d}" for i in range(1, columns)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" width="600" height="260" viewBox="0 0 600 260">
<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">
<path d="M0 0L8 4L0 8z" fill="#1d4e79"/></marker></defs>
<g fill="#eef4fa" stroke="#1d4e79" stroke-width="1.5">
<ellipse cx="110" cy="70" rx="80" ry="38"/><ellipse cx="110" cy="190" rx="80" ry="38"/>
<ellipse cx="480" cy="130" rx="80" ry="38"/></g>
<g fill="none" stroke="#1d4e79" stroke-width="2" marker-end="url(#tip)">
<path d="M190 78L400 122"/><path d="M190 182L400 140" stroke-dasharray="6 4"/></g>
</svg>
"""


def _png(width: int, height: int) -> bytes:
    """A grey picture with a dark frame, 8 bits a pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    edge = bytes([0]) + bytes([60]) * width
    inner = bytes([0]) + bytes([60]) * 2 + bytes([235]) * (width - 4) + bytes([60]) * 2
    pixels = edge * 2 + inner * (height - 4) + edge * 2
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            chunk(b"IDAT", zlib.compress(pixels)),
            chunk(b"IEND", b""),
        ]
    )
