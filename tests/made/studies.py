"""Whole studies made at random: answers with whatever may stand beside them, and odd data.

Everything that a study may declare is drawn or left out; names of different kinds of thing are
sometimes one and the same word. ``print_study`` prints the draft report of one and says what is
amiss: no report, a fault of the program, pages that the gate would refuse.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

#: Names that several kinds of thing bear at once.
SHARED = ("price", "region", "Service", "SAT")
LABELS = ("Price & value", "价格", "Low <b>fees</b>", "Trust | care", "50 % off", "$cost_1$",
          "A*B_c", "“Quoted”", "{{x}}", "@key", "Zoë’s", "#1 choice")  # fmt: skip
SCALES = ((1, 5), (1, 7), (1, 10), (0, 10), (1, 4), (1, 3), (-2, 2), (0, 100))
ODD = ("constant item", "twin item", "no answers of an item", "many gaps", "one wave",
       "all sheets alike", "few rows", "item of two values", "a missing group", "reversed item",
       "weights of zero")  # fmt: skip


@dataclass
class Draft:
    """A study while it is made: its frame, its declaration, its other files."""

    random: np.random.Generator
    frame: pd.DataFrame
    study: dict[str, Any]
    constructs: list[str]
    folder: Path
    odd: list[str] = field(default_factory=list)

    @property
    def n(self) -> int:
        return len(self.frame)

    def chance(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def write(self, name: str, frame: pd.DataFrame) -> str:
        frame.to_csv(self.folder / name, index=False)
        return name


def make_study(folder: Path, seed: int) -> Draft:
    """Draw a study, write its files, and return what was drawn."""
    random = np.random.default_rng([seed, 9])
    odd = [str(o) for o in random.choice(ODD, int(random.integers(0, 3)), replace=False)]
    low, high = SCALES[int(random.integers(len(SCALES)))]
    n = int(random.integers(4, 25)) if "few rows" in odd else int(random.integers(40, 260))
    draft = _with_answers(random, folder, n, low, high)
    draft.odd = odd
    for part in (_add_people, _add_model, _add_metrics, _add_log, _add_service, _add_contracts,
                 _add_index, _add_journey, _add_comments, _add_prices, _add_elsewhere,
                 _add_claims, _add_options, _add_oddities):  # fmt: skip
        part(draft)
    draft.write("answers.csv", draft.frame)
    (folder / "study.yml").write_text(
        yaml.safe_dump(draft.study, allow_unicode=True, sort_keys=False), encoding="utf-8"
    )
    return draft


def _with_answers(random, folder: Path, n: int, low: int, high: int) -> Draft:
    names = ["QUAL", "VAL", "SAT", "LOY", "IMG", "price", "Service"]
    chosen = [str(c) for c in random.permutation(names)[: int(random.integers(1, 6))]]
    common, columns, constructs = random.normal(size=n), {}, {}
    for name in chosen:
        factor = 0.6 * common + 0.8 * random.normal(size=n)
        items = [f"{name}{k}" for k in range(1, int(random.integers(1, 5)) + 1)]
        for item in items:
            noise = random.normal(size=n) * random.uniform(0.3, 1.6)
            raw = (low + high) / 2 + (high - low) / 4.5 * (factor + noise)
            columns[item] = np.clip(np.round(raw), low, high)
        constructs[name] = {"items": items}
        if random.random() < 0.4:
            constructs[name]["label"] = str(random.choice(LABELS))
    frame = pd.DataFrame(columns)
    frame = frame.mask(random.random(frame.shape) < random.choice([0, 0.04, 0.12]))
    study = {"title": str(random.choice(LABELS)), "name": "made",
             "data": {"file": "answers.csv"}, "scale": {"min": low, "max": high},
             "constructs": constructs}  # fmt: skip
    return Draft(random, frame, study, chosen, folder)


def _add_people(d: Draft) -> None:
    d.frame["who"] = [f"c{k:04d}" for k in range(d.n)]
    d.study["data"]["id"] = "who"
    profile = {"region": {"label": "Region"}, "age": {"bins": [18, 35, 50]}}
    d.frame["region"] = d.random.choice(["North", "South", "East"], d.n, p=[0.5, 0.47, 0.03])
    d.frame["age"] = d.random.integers(18, 80, d.n)
    if d.chance(0.4):
        d.study["group"] = "region"
    if d.chance(0.3):
        d.study["margins"] = {"region": {"North": 0.45, "South": 0.5, "East": 0.05}}
    if d.chance(0.4):
        d.frame["w"] = np.round(d.random.uniform(0.2, 3, d.n), 3)
        d.study["data"]["weight"] = "w"
    if d.chance(0.4):
        d.frame["brand"] = d.random.choice(["Own", "price", "Rival"], d.n, p=[0.6, 0.35, 0.05])
        profile["brand"] = {}
        d.study["brands"] = {"column": "brand", "own": "Own"}
    if d.chance(0.35):
        d.frame["wave"] = d.random.integers(1, int(d.random.integers(2, 6)), d.n)
        d.study["data"]["wave"] = "wave"
    if d.chance(0.3):
        d.frame["secs"] = d.random.integers(3, 900, d.n)
        d.study["data"]["duration"] = "secs"
    if d.chance(0.2):
        d.frame["branch"] = d.random.integers(1, 12, d.n)
        d.study["data"]["cluster"] = "branch"
    if d.chance(0.2):
        d.frame["heard"] = d.random.choice(["shop", "web", "shop;web", ""], d.n)
        d.study["multiple"] = {"price": {"label": "Heard", "column": "heard", "separator": ";"}}
    d.study["profile"] = profile


def _add_model(d: Draft) -> None:
    c = d.constructs
    if len(c) < 2 or d.chance(0.25):
        return
    pairs = [(a, b) for k, a in enumerate(c) for b in c[k + 1 :] if d.chance(0.7)]
    pairs = pairs or [(c[0], c[1])]
    d.study["models"] = {"theory": [f"{a} -> {b}" for a, b in pairs]}
    if len(pairs) > 1 and d.chance(0.4):
        d.study["models"]["price"] = {
            "role": "rival", "paths": [f"{a} -> {b}" for a, b in pairs[:-1]]
        }  # fmt: skip
    signs = ["+", "-"]
    d.study["hypotheses"] = {
        f"H{k}": {"path": f"{a} -> {b}", "sign": signs[int(d.chance(0.2))]}
        for k, (a, b) in enumerate(pairs, 1)
    }
    if d.chance(0.2):
        d.study["moderations"] = {
            "M1": {"path": " -> ".join(pairs[0]), "by": str(d.random.choice(c))}
        }


def _add_metrics(d: Draft) -> None:
    metrics, low, high = {}, d.study["scale"]["min"], d.study["scale"]["max"]
    if d.chance(0.6):
        metrics["satisfaction"] = d.constructs[0]
        if d.chance(0.6):
            metrics["satisfied_from"] = int(d.random.integers(low + 1, high + 1))
    if d.chance(0.5):
        d.frame["nps"] = d.random.integers(0, 11, d.n)
        d.study["profile"]["nps"] = {}
        metrics["recommendation"] = "nps"
    if d.chance(0.2):
        d.frame["ease"] = d.random.integers(1, 8, d.n)
        d.study["profile"]["ease"] = {}
        metrics["effort"] = "ease"
    if metrics:
        d.study["metrics"] = metrics


def _add_log(d: Draft) -> None:
    if d.chance(0.5):
        return
    joins = d.chance(0.8)
    people = d.frame["who"] if joins else pd.Series([f"x{k}" for k in range(d.n)])
    money = str(d.random.choice(["gamma", "one price", "none", "free"], p=[0.7, 0.1, 0.1, 0.1]))
    regular = d.chance(0.15)
    rows = []
    for who in [*people, *(f"z{k}" for k in range(int(d.random.integers(0, 120))))]:
        day, end = int(d.random.integers(0, 120)), int(d.random.integers(100, 700))
        rate = d.random.gamma(2, 20) + 3
        while day < end:
            amount = {"gamma": round(float(d.random.gamma(3, 20)), 2), "one price": 9.9,
                      "free": 0.0}.get(money, 0.0)  # fmt: skip
            rows.append((who, pd.Timestamp("2023-01-01") + pd.Timedelta(days=day), amount))
            day += 30 if regular else int(d.random.exponential(rate)) + 1
    log = pd.DataFrame(rows, columns=["customer", "date", "amount"])
    log["date"] = log["date"].dt.date
    log["cost"] = (log["amount"] * 0.6).round(2)
    back = log.sample(frac=0.03, random_state=1).assign(amount=lambda f: -f["amount"], cost=0)
    log = pd.concat([log, back[back["amount"] < 0]])
    section = {"file": d.write("log.csv", log), "end": "2024-12-31"}
    section |= {"amount": None} if money == "none" else {}
    section |= {"cost": "cost"} if money == "gamma" and d.chance(0.3) else {}
    section |= {"calibration_end": "2024-03-31"} if d.chance(0.6) else {}
    d.study["transactions"] = section
    value = {}
    if d.chance(0.7):
        value |= {"satisfaction": d.constructs[0], "loyalty": d.constructs[-1]}
    if len(d.constructs) > 1 or not value:
        value |= {"acquisition_cost": 20} if d.chance(0.3) else {}
        value |= {"retention_cost_per_year": 8} if d.chance(0.3) else {}
        d.study["value"] = value


def _add_service(d: Draft) -> None:
    if d.chance(0.75):
        return
    n = int(d.random.integers(3, 200))
    cases = pd.DataFrame({"customer": d.random.choice(d.frame["who"], n), "date": "2024-05-01",
                          "minutes": d.random.gamma(2, 10, n).round(1),
                          "first_contact": d.random.integers(0, 2, n),
                          "complaint": d.random.integers(0, 2, n)})  # fmt: skip
    d.study["service_log"] = {"file": d.write("service.csv", cases), "minutes": "minutes",
                              "first_contact": "first_contact", "complaint": "complaint",
                              "target_minutes": 15}  # fmt: skip


def _add_contracts(d: Draft) -> None:
    if d.chance(0.85) or "transactions" in d.study:
        return
    n = int(d.random.integers(5, 200))
    start = pd.Timestamp("2022-01-01") + pd.to_timedelta(d.random.integers(0, 600, n), "D")
    end = (start + pd.to_timedelta(d.random.integers(20, 700, n), "D")).to_series(index=range(n))
    ended = (end < "2024-06-30") & (d.random.random(n) < 0.7)
    frame = pd.DataFrame(
        {
            "customer": [f"k{k}" for k in range(n)],
            "start": start.date,
            "end": end.dt.date.where(ended),
            "fee": d.random.choice([10, 20], n),
        }
    )
    d.study["contracts"] = {"file": d.write("contracts.csv", frame), "fee": "fee",
                            "until": "2024-06-30"}  # fmt: skip


def _add_index(d: Draft) -> None:
    c = d.constructs
    if len(c) < 3 or d.chance(0.5):
        return
    top = {"price": {"of": c[:2]}, "Rest": {"of": c[2:]}} if "price" not in c else {
        "Front": {"of": c[:2]}, "Rest": {"of": c[2:]}}  # fmt: skip
    d.study["dimensions"] = top
    if d.chance(0.5):
        first, last = list(top)
        rows = [("top", f"E{k}", first, last, float(d.random.choice([1, 2, 3, 0.5])))
                for k in range(int(d.random.integers(1, 4)))]  # fmt: skip
        rows += [("low", r[1], c[0], c[1], 2.0) for r in rows]
        head = ["criterion_set", "expert", "row", "column", "judgement"]
        d.study["experts"] = {"file": d.write("experts.csv", pd.DataFrame(rows, columns=head))}
    if d.chance(0.3):
        d.study["evaluation"] = {"fuzzy": {"membership": "triangular"}}


def _add_journey(d: Draft) -> None:
    low, high = d.study["scale"]["min"], d.study["scale"]["max"]
    if d.chance(0.25):
        points = {}
        for name in ("region_tp", "SHOP", "APP")[: int(d.random.integers(1, 4))]:
            d.frame[name] = d.random.integers(low, high + 1, d.n)
            d.frame[name] = d.frame[name].mask(d.random.random(d.n) < 0.3)
            points[name] = {"label": str(d.random.choice(LABELS)), "stage": "price"}
        d.study["touchpoints"] = points
    if d.chance(0.25):
        item = d.study["constructs"][d.constructs[0]]["items"][0]
        d.frame[f"E_{item}"] = d.random.integers(low, high + 1, d.n)
        d.study["expectations"] = {item: f"E_{item}"}
    if d.chance(0.3) and len(d.constructs) > 1:
        d.study["drivers"] = {"levers": d.constructs[:-1], "outcomes": [d.constructs[-1]]}
    if d.chance(0.4):
        method = str(d.random.choice(["latent_profile", "k_means", "none", "latent_class"]))
        d.study["segments"] = {"method": method}
        if d.chance(0.3):
            for k in range(3):
                d.frame[f"need{k}"] = d.random.integers(low, high + 1, d.n)
            d.study["segments"]["needs"] = {f"need{k}": f"Need {k}" for k in range(3)}


def _add_comments(d: Draft) -> None:
    if d.chance(0.65):
        return
    said = ["too slow, long queue", "friendly people", "fees are high", "很慢，排队太久",
            "服务很好", "", "<script>x</script> slow", "{{ slow }} $x$", "price 价格"]  # fmt: skip
    d.frame["said"] = d.random.choice(said, d.n)
    d.study["comments"] = {"column": "said", "themes": {
        "price": {"label": "Fees", "words": {"en": ["fee", "price"], "zh": ["价格"]}},
        "SLOW": {"words": {"en": ["slow", "queue"], "zh": ["慢", "排队"]}}}}  # fmt: skip
    if d.chance(0.5):
        d.study["comments"] |= {"discover": int(d.random.integers(0, 5)), "quotes": True}


def _add_prices(d: Draft) -> None:
    if d.chance(0.2):
        base = d.random.gamma(20, 1, d.n)
        for name, share in (("tc", 0.5), ("ch", 0.8), ("ex", 1.2), ("te", 1.6)):
            d.frame[name] = (base * share * d.random.uniform(0.8, 1.25, d.n)).round(1)
        d.study["price_sensitivity"] = {"too_cheap": "tc", "cheap": "ch", "expensive": "ex",
                                        "too_expensive": "te", "currency": "EUR"}  # fmt: skip
    elif d.chance(0.2):
        worth = d.random.normal(9, 3, d.n)
        offers = {5: "o5", 8: "o8", 12: "o12"}
        for price, column in offers.items():
            d.frame[column] = (worth > price).astype(int)
        d.study["price_sensitivity"] = {"offers": offers, "unit_cost": 3}
    if d.chance(0.2):
        for column in ("kf", "kd"):
            d.frame[column] = d.random.integers(1, 6, d.n)
        d.study["kano"] = {
            "price": {
                "label": "Low price",
                "functional": "kf",
                "dysfunctional": "kd",
                "answers": [1, 2, 3, 4, 5],
            }
        }


def _add_elsewhere(d: Draft) -> None:
    metrics = d.study.get("metrics", {})
    if d.chance(0.3) and metrics.get("satisfaction"):
        d.study["benchmarks"] = {name: {"label": f"Market {k}", "metric": "csat", "value": 0.4,
                                        "date": f"202{k}-01-31", "source": "made"}
                                 for k, name in enumerate(("region", "price", "SAT"))}  # fmt: skip
    if d.chance(0.4) and "wave" in d.study["data"]:
        d.study["targets"] = {"price": {"label": "Aim", "metric": d.constructs[0], "value": 70,
                                        "date": "2026-12-31"}}  # fmt: skip
    if d.chance(0.3) and "wave" in d.study["data"]:
        d.study["actions"] = {"region": {"label": "Training", "lever": d.constructs[0],
                                         "since": 2, "where": {"region": ["North"]}}}  # fmt: skip
    if d.chance(0.25):
        steps = pd.DataFrame({"step": ["region", "price", "paid"], "visitors": [900, 300, 45]})
        d.study["funnel"] = {"file": d.write("funnel.csv", steps)}


def _add_claims(d: Draft) -> None:
    if d.chance(0.5):
        d.study["claims"] = "bundled"
    elif d.chance(0.3):
        d.study["claims"] = ["top_fifth", "satisfied_loyal", "acquisition_cost"]


def _add_options(d: Draft) -> None:
    draw = d.random
    d.study["options"] = {
        "bootstrap": 30, "parallel_analysis_draws": 20,
        "estimator": str(draw.choice(["auto", "ml", "mlr", "wlsmv"], p=[0.6, 0.1, 0.2, 0.1])),
        "missing": str(draw.choice(["auto", "fiml", "listwise"], p=[0.7, 0.15, 0.15])),
        "imputations": int(draw.choice([0, 2], p=[0.8, 0.2])), "confidence": 0.9,
    }  # fmt: skip
    if d.study["options"]["estimator"] == "wlsmv" and d.chance(0.7):
        d.study["options"]["missing"] = "auto"
    if "cluster" in d.study["data"]:
        d.study["options"]["estimator"] = "auto"
    d.study["screening"] = {"action": str(draw.choice(["flag", "drop"]))}
    editions = ["full", *(e for e in ("brief", "thesis", "deck", "supplement") if d.chance(0.3))]
    d.study["report"] = {"languages": ["en"], "formats": ["html"], "editions": editions}
    if "transactions" in d.study and d.chance(0.2):
        d.study["data"] = None  # purchases alone
        keep = ("title", "name", "data", "transactions", "claims", "report", "options", "funnel")
        d.study = {key: d.study[key] for key in keep if key in d.study}


def _add_oddities(d: Draft) -> None:
    if not d.study.get("data"):
        return
    items = [i for c in d.constructs for i in d.study["constructs"][c]["items"]]
    item, frame = str(d.random.choice(items)), d.frame
    low, high = d.study["scale"]["min"], d.study["scale"]["max"]
    if "constant item" in d.odd:
        frame[item] = high
    if "twin item" in d.odd:
        frame[item] = frame[str(d.random.choice(items))]
    if "no answers of an item" in d.odd:
        frame[item] = np.nan
    if "many gaps" in d.odd:
        frame[items] = frame[items].mask(d.random.random((d.n, len(items))) < 0.4)
    if "one wave" in d.odd and "wave" in frame:
        frame["wave"] = 1
    if "all sheets alike" in d.odd:
        frame[items] = frame[items].iloc[0].fillna(low).to_numpy()
    if "item of two values" in d.odd:
        frame[item] = np.where(frame[item] > (low + high) / 2, high, low)
    if "a missing group" in d.odd:
        frame["region"] = "North"
    if "reversed item" in d.odd:
        frame[item] = low + high - frame[item]
    if "weights of zero" in d.odd and "w" in frame:
        frame.loc[frame.index[: d.n // 2], "w"] = 0.0


def print_study(folder: Path, seed: int) -> str:
    """Print the draft of a made study; "" where it stands and no fault was met on the way."""
    from cx_value.publish.build import Job, build_report
    from cx_value.study import check_study, read_study

    odd = make_study(folder, seed).odd
    try:
        if errors := [str(f) for f in check_study(folder) if f.severity == "error"]:
            return "refused" if all(" · do: " in e or " do: " in e for e in errors) else errors[0]
        study = read_study(folder)
        build_report(Job(study_file=folder / "study.yml", study=study, out=folder / "out",
                         languages=("en",), formats=("html",), renderer="embedded", draft=True,
                         kernels=False, figures=None))  # fmt: skip
    except Exception as error:  # a report that does not appear is what is looked for
        import traceback

        place = traceback.format_exc(limit=-3)
        return f"no report ({odd}): {type(error).__name__}: {str(error)[:600]}\n{place[-900:]}"
    faults = [f"{p.stem}: {_last(p)}" for p in sorted(folder.glob("out/*/faults/*.txt"))]
    if not list(folder.glob("out/*/report-en/report.html")):
        return f"no report ({odd})"
    return f"faults ({odd}): " + " || ".join(faults) if faults else ""


def _last(path: Path) -> str:
    return " / ".join(path.read_text(encoding="utf-8").strip().splitlines()[-6:])[-600:]
