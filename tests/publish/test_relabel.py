"""Words of a study file are printed only: a label, a title or a source changed refits nothing."""

import pytest

from cx_value.base.wording import Text
from cx_value.notebook.identity import PRINTED_ONLY, declaration_sha256, texts_sha256
from cx_value.notebook.plots import PLOTS, can_be_redrawn, keep_plot, relabelled_plots
from cx_value.notebook.store import Store
from cx_value.publish import build
from cx_value.publish.build import Job, notebooks_of, run_notebooks
from cx_value.publish.execute import notebook_paths
from cx_value.study import read_study
from cx_value.study.entries import Frozen
from small_study import write_small_study

EVERY_KEY = """
subtitle: {en: A trial, zh: 试验}
authors: [{name: Wang}]
date: 2026-01-01
collection: {en: in May, zh: 五月}
preregistered: {en: at OSF, zh: 于 OSF}
limits: [{en: one city, zh: 一个城市}]
keywords: [loyalty]
dimensions:
  CX: {label: {en: Experience, zh: 体验}, of: [QUAL, SAT], source: oliver1980}
evaluation: {grades: {good: {from: 60, label: {en: good, zh: 良好}}, poor: {from: 0, label: {en: poor, zh: 差}}}, grades_source: oliver1980}
kano: {K: {label: {en: Aim, zh: 目标}, functional: qual_1, dysfunctional: qual_2}}
benchmarks: {B: {label: {en: Rival, zh: 对手}, metric: csat, value: 0.4, date: 2026-01-01, source: elsewhere}}
claims: {C: {label: {en: Twice, zh: 两倍}, quantity: loyal_profit_ratio, low: 2, source: {en: a book, zh: 某书}}}
report: {languages: [en, zh], formats: [html], editions: [full], minimum_cell: 5}
"""  # noqa: E501
#: What stands in the file → what is written in its place: words alone.
TEXTS = {
    "title": ("Small study", "Little study"), "subtitle": ("A trial", "Trial"),
    "authors": ("Wang", "Li"), "date": ("date: 2026-01-01\n", "date: 2026-01-02\n"),
    "population": ("模拟顾客", "顾客"), "collection": ("in May", "in June"),
    "preregistered": ("at OSF", "at AsPredicted"), "limits": ("one city", "two cities"),
    "keywords": ("[loyalty]", "[value]"), "construct label": ("Service quality", "Quality"),
    "its Chinese": ("顾客忠诚", "客户忠诚"), "construct source": ("fornell1996", "oliver1980"),
    "profile label": ("en: Region", "en: Area"), "model label": ("链式模型", "链"),
    "theory": ("theory: oliver1980", "theory: fornell1996"),
    "dimension label": ("Experience", "CX"), 
    "dimension source": ("SAT], source: oliver1980", "SAT]"), "grade label": ("良好", "好"),
    "feature label": ("Aim", "Goal"), "benchmark label": ("Rival", "Other"),
    "languages": ("[en, zh]", "[zh]"),
    "formats": ("[html]", "[pdf]"), "editions": ("[full]", "[full, supplement]"),
}  # fmt: skip
#: The same of what a number, or the name of a group, hangs on.
NUMBERS = {
    "an answer's name": ("en: north", "en: northern"), "seed": ("seed: 11", "seed: 12"),
    "scale": ("max: 7", "max: 8"), "a path": ("chain: {role", "other: {role"),
    "a source among facts": ("grades_source: oliver1980", ""), "a claim's": ("Twice", "Double"),
    "a benchmark's": ("elsewhere", "here"),
    "a sign": ('LOY, sign: "+"', 'LOY, sign: "-"'), "missing codes": ("-9", "-8"),
    "a grade": ("from: 60", "from: 50"), "a column": ("al: qual_2", "al: qual_3"),
    "a benchmark": ("0.4", "0.5"), "a claim": ("low: 2", "low: 3"),
    "members": ("of: [QUAL, SAT]", "of: [QUAL, LOY]"), 
    "cell": ("minimum_cell: 5", "minimum_cell: 6"),
    "draws": ("bootstrap: 60", "bootstrap: 61"), "a date": ("0.4, date: 2026", "0.4, date: 2025"),
}  # fmt: skip


@pytest.fixture(scope="module")
def every_key(tmp_path_factory):
    file = write_small_study(tmp_path_factory.mktemp("words") / "small", n=60)
    file.write_text(file.read_text(encoding="utf-8") + EVERY_KEY, encoding="utf-8")
    return file


def changed(file, before, after):
    """Return the study of a file in which one text stands for another."""
    text = file.read_text(encoding="utf-8")
    assert before in text, before
    other = file.with_name("other.yml")
    other.write_text(text.replace(before, after), encoding="utf-8")
    return read_study(other)


@pytest.mark.parametrize("key", TEXTS)
def test_words_are_no_part_of_what_is_computed(every_key, key):
    own, other = read_study(every_key), changed(every_key, *TEXTS[key])
    assert declaration_sha256(other) == declaration_sha256(own)
    assert texts_sha256(other) != texts_sha256(own)


@pytest.mark.parametrize("key", NUMBERS)
def test_what_a_number_hangs_on_is(every_key, key):
    other = changed(every_key, *NUMBERS[key])
    assert declaration_sha256(other) != declaration_sha256(read_study(every_key))


def test_every_key_named_as_printed_only_is_a_key():
    fields = {model.__name__: model.model_fields for model in Frozen.__subclasses__()}
    for entry, keys in PRINTED_ONLY.items():
        assert set(keys) <= set(fields[entry]), entry


def plot_bar(labels, *, lang):
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    ax.set_title(labels["SAT"].in_language(lang))
    return ax


def test_a_plot_is_drawn_again_with_the_labels_of_today(tmp_path):
    from functools import partial

    before = {"SAT": Text("Satisfaction", zh="满意"), "LOY": Text("Loyalty", zh="忠诚")}
    after = {**before, "SAT": Text("Contentment", zh="满意度")}
    of_sat = {code: before[code] for code in ("SAT",)}
    keep_plot(tmp_path, "bar", partial(plot_bar, of_sat), before)
    keep_plot(tmp_path, "closed", lambda lang: None, before)  # no file can hold it
    keep_plot(tmp_path, "gone", partial(plot_bar, of_sat), before)  # no notebook draws it any more
    (tmp_path / "figures" / "en").mkdir(parents=True)
    (tmp_path / "figures" / "en" / "bar.svg").touch()
    assert can_be_redrawn(tmp_path, "bar") and not can_be_redrawn(tmp_path, "closed")
    assert list(relabelled_plots(tmp_path, before)) == []
    assert list(relabelled_plots(tmp_path, {**before, "LOY": Text("Bond", zh="x")})) == []
    ((name, plot),) = relabelled_plots(tmp_path, after)
    titles = [plot(lang=lang).get_title(loc="center") for lang in ("en", "zh")]
    assert (name, titles) == ("bar", ["Contentment", "满意度"])


def test_a_label_changed_prints_again_and_runs_no_notebook(tmp_path, monkeypatch, capsys):
    chosen = [p for p in notebook_paths() if p.stem in ("01_sample", "02_reliability")]
    monkeypatch.setattr(build, "notebook_paths", lambda: chosen)
    file = write_small_study(tmp_path / "small", n=60)

    def run():
        run_notebooks(
            Job(study_file=file, study=read_study(file), languages=("en",), formats=("html",),
                draft=True, out=tmp_path / "build")
        )  # fmt: skip
        return capsys.readouterr().err

    run()
    folder = tmp_path / "build" / "small"
    figures = {path.stem for path in (folder / "figures").rglob("*.svg")}
    assert figures and all(can_be_redrawn(folder, name) for name in figures)
    kept = b"".join(path.read_bytes() for path in (folder / PLOTS).glob("*.pickle"))
    assert b"Service quality" not in kept and "服务质量".encode() not in kept
    results = {p.name: p.read_bytes() for p in (folder / "results").iterdir()}
    drawn = {p: p.read_bytes() for p in (folder / "figures").rglob("*.svg")}
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("Service quality", "Quality of service"), encoding="utf-8")
    told = run()
    assert told.count("unchanged") == len(notebooks_of(read_study(file))) == 2
    codebook = Store(folder).read("codebook")
    assert codebook.value("label", code="QUAL") == "Quality of service"
    differs = {p.name for p in (folder / "results").iterdir() if p.read_bytes() != results[p.name]}
    assert differs == {"codebook.csv"}
    other = {(p.parent.name, p.stem) for p, before in drawn.items() if p.read_bytes() != before}
    assert other == {("en", "reliability")}
    assert run().count("unchanged") == 2
