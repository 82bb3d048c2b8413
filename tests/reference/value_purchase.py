"""Write value_purchase__histories.csv: the published formulas in 30-digit arithmetic.

Run from the repository root, with mpmath installed: python tests/reference/value_purchase.py

The hypergeometric forms are those of the papers (Fader & Hardie 2005, A note on deriving the
Pareto/NBD model, eq. 15–19, 41; Fader, Hardie & Lee 2005, Marketing Science, eq. 6 and 10, and RFM
and CLV, J. Marketing Research 42, eq. 4; Batislam et al. 2007), or the plain integral over the
time of drop-out or over the drop-out chance. None of them is the form used in analysis/value.
"""

import csv
import itertools
from pathlib import Path

import mpmath as mp

mp.mp.dps = 30
HORIZON, RATE = mp.mpf(39), mp.mpf("0.0027")
HISTORIES = [
    (0, "0", "38.86"), (1, "1.71", "38.86"), (2, "30.43", "38.86"), (26, "30.86", "31"),
    (7, "29.43", "38.86"), (3, "38", "38"), (0, "0", "0.14"), (200, "90", "104"),
]  # fmt: skip
PARAMETERS = {
    "pareto_nbd": [
        (".5533", "10.578", ".6062", "11.668"), ("2.5", "4", ".3", "40"), (".8", "90", "3.1", "2"),
    ],
    "bg_nbd": [
        (".2426", "4.4135", ".7929", "2.4258"), ("2.5", "4", "1", "9"), (".8", "90", "3.1", ".7"),
    ],
    "mbg_nbd": [
        (".5248", "6.183", ".8914", "1.614"), ("2.5", "4", "1", "9"), (".8", "90", "3.1", ".7"),
    ],
}  # fmt: skip


def log_start(r, alpha, x):
    return mp.loggamma(r + x) - mp.loggamma(r) + r * mp.log(alpha)


def pareto(r, alpha, s, beta, x, last, age):
    """Log likelihood and P(alive) from the 2F1 form; the integral where 2F1 overflows."""
    stay = (alpha + age) ** -(r + x) * (beta + age) ** -s

    def part(t):
        top, low, b = (alpha, beta, s + 1) if alpha >= beta else (beta, alpha, r + x)
        z = (top - low) / (top + t)
        return mp.hyp2f1(r + s + x, b, r + s + x + 1, z) / (top + t) ** (r + s + x)

    left = s / (r + s + x) * (part(last) - part(age))
    value = log_start(r, alpha, x) + s * mp.log(beta) + mp.log(stay + left)
    return value, stay / (stay + left)


def pareto_ahead(r, alpha, s, beta, x, age):
    """CET and DERT of those alive."""
    rate, end = (r + x) / (alpha + age), beta + age
    cet = rate * end / (s - 1) * (1 - (end / (end + HORIZON)) ** (s - 1))
    dert = rate * end**s * RATE ** (s - 1) * mp.hyperu(s, s, RATE * end)
    return cet, dert


def beta_geometric(r, alpha, a, b, x, last, age, first):
    chances = x + first
    stay = (alpha + age) ** -(r + x)
    left = a / (b + chances - 1) * (alpha + last) ** -(r + x) if chances > 0 else mp.mpf(0)
    value = (
        log_start(r, alpha, x) + mp.log(mp.beta(a, b + chances)) - mp.log(mp.beta(a, b))
        + mp.log(stay + left)
    )  # fmt: skip
    return value, stay / (stay + left)


def beta_geometric_ahead(r, alpha, a, b, x, age, first):
    """Integrate over the posterior of the drop-out chance."""
    m, scale, tail = r + x, alpha + age, b + x + first

    def mean(function):
        def logit_scale(z):
            p = 1 / (1 + mp.e**-z)
            return p**a * (1 - p) ** tail * function(p)

        points = [-60 / a, -20, -10, -6, -3, 0, 3, 10, 20 + 40 / tail]
        return mp.quad(logit_scale, sorted(points)) / mp.beta(a, tail)

    cet = mean(lambda p: (1 - (1 + p * HORIZON / scale) ** -m) / p)

    def discounted(u):
        rate = m / scale * mp.hyp2f1(m + 1, a, a + tail, -u / scale)
        return mp.e ** (-RATE * u) * rate

    return cet, mp.quad(discounted, [0, 1, 10, 100, 400, 2000, 8000, 30000])


def rows():
    for model, sets in PARAMETERS.items():
        for parameters, (x, last, age) in itertools.product(sets, HISTORIES):
            p = [mp.mpf(v) for v in parameters]
            last_, age_ = mp.mpf(last), mp.mpf(age)
            if model == "pareto_nbd":
                value, alive = pareto(*p, x, last_, age_)
                cet, dert = pareto_ahead(*p, x, age_)
            else:
                first = int(model == "mbg_nbd")
                value, alive = beta_geometric(*p, x, last_, age_, first)
                cet, dert = beta_geometric_ahead(*p, x, age_, first)
            numbers = [mp.nstr(v, 18) for v in (value, alive, alive * cet, alive * dert)]
            yield [model, *parameters, x, last, age, *numbers]


if __name__ == "__main__":
    target = Path(__file__).with_name("value_purchase__histories.csv")
    with target.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ["model", "p1", "p2", "p3", "p4", "frequency", "recency", "age", "log_likelihood",
             "alive", "cet39", "dert"]
        )  # fmt: skip
        writer.writerows(rows())
