"""Writes vectors.jsonl: aggregates of small windows, worked out with fractions and 80-digit decimals.

Nothing is shared with the engine. Run it with Python 3.11 or later:

    python3 vectors.py > vectors.jsonl
"""

import decimal
import json
import math
import random
import statistics
import struct
import sys
from fractions import Fraction

decimal.getcontext().prec = 80
decimal.getcontext().Emin = -999999
decimal.getcontext().Emax = 999999
LN2 = decimal.Decimal(2).ln()
DAY = 86_400_000_000


def ln(x):
    return float(decimal.Decimal(x).ln())


def exp2(x):
    return float((decimal.Decimal(x) * LN2).exp())


def nearest(x):
    """The nearest float64, or an infinity."""
    try:
        return float(x)
    except OverflowError:
        return math.inf if x > 0 else -math.inf


def bits(x):
    return struct.pack(">d", x).hex()


def percentile(xs, p):
    xs = sorted(xs)
    position = p * float(len(xs) - 1)
    i = math.floor(position)
    part = position - i
    lo, hi = xs[i], xs[min(i + 1, len(xs) - 1)]
    if math.isinf(hi - lo):
        return lo * (1 - part) + hi * part
    return lo + part * (hi - lo)


def middle(x):
    if abs(x) < 2.0**-1022:
        return 0.0
    fraction, exponent = math.frexp(abs(x))
    return math.copysign(math.ldexp(1 + (math.floor((2 * fraction - 1) * 64) + 0.5) / 64, exponent - 1), x)


def moments(xs):
    xs = [Fraction(x) for x in xs]
    mean = sum(xs) / len(xs)
    return [nearest(sum((x - mean) ** k for x in xs) / len(xs)) for k in (2, 3, 4)]


def skew(xs):
    if len(xs) < 3:
        return None
    m2, m3, _ = moments(xs)
    if m2 == 0:
        return None
    return divide(m3, m2 * math.sqrt(m2))


def kurtosis(xs):
    if len(xs) < 4:
        return None
    m2, _, m4 = moments(xs)
    if m2 == 0:
        return None
    return divide(m4, m2 * m2) - 3


def divide(a, b):
    """a / b, and no number if b is not a finite divisor."""
    if b == 0 or math.isinf(b):
        return math.nan
    return a / b


def relation(name, ys, xs):
    n = len(xs)
    if n < 2:
        return None
    xs, ys = [Fraction(x) for x in xs], [Fraction(y) for y in ys]
    a = nearest(n * sum(x * y for x, y in zip(xs, ys)) - sum(xs) * sum(ys))
    b = nearest(n * sum(x * x for x in xs) - sum(xs) ** 2)
    c = nearest(n * sum(y * y for y in ys) - sum(ys) ** 2)
    if name == "covar":
        return a / float(n * n)
    if b == 0 or name == "corr" and c == 0:
        return None
    if name == "slope":
        return divide(a, b)
    r = divide(a, math.sqrt(b) * math.sqrt(c))
    return r if math.isnan(r) or math.isinf(r) else max(-1.0, min(1.0, r))


def entropy(xs):
    n = float(len(xs))
    terms = [(p := xs.count(x) / n) * ln(p) for x in set(xs)]
    return -math.fsum(terms)


def decayed(times, xs, h, b):
    tiles = {}
    for t, x in zip(times, xs):
        start = t // (64 * h) * (64 * h)
        tiles.setdefault(start, []).append(x * exp2(float(t - start) / float(h)))
    if any(math.isinf(x) for terms in tiles.values() for x in terms):
        return math.inf
    sums = {s: nearest(sum(map(Fraction, terms))) for s, terms in tiles.items()}
    products = [x * exp2(-(float(b - s) / float(h))) for s, x in sums.items()]
    if any(math.isinf(x) or math.isnan(x) for x in products):
        return math.inf
    return nearest(sum(map(Fraction, products)))


def ewma(xs, a):
    e = xs[0]
    for x in xs[1:]:
        e = a * x + (1 - a) * e
    return e


def sketch(hashes):
    """HyperLogLog of 2^14 registers, with the improved estimator."""
    m, q = 16384, 50
    filled = {}
    for h in hashes:
        rest = h & ((1 << q) - 1)
        filled[h >> q] = max(filled.get(h >> q, 0), q - rest.bit_length() + 1)
    counts = [0.0] * (q + 2)
    counts[0] = float(m - len(filled))
    for rank in filled.values():
        counts[rank] += 1
    if counts[0] == m:
        return 0
    x = 1 - counts[q + 1] / m
    tau = 0.0
    if x not in (0.0, 1.0):
        y, z, last = 1.0, 1 - x, None
        while z != last:
            x, last = math.sqrt(x), z
            y = 0.5 * y
            z = z - (1 - x) ** 2 * y
        tau = z / 3
    z = m * tau
    for v in range(q, 0, -1):
        z = 0.5 * (z + counts[v])
    x, y, s, last = counts[0] / m, 1.0, counts[0] / m, None
    while s != last:
        x, last = x * x, s
        s, y = s + x * y, y + y
    z = z + m * s
    return round((m * m / 1.3862943611198906) / z)


def answer(name, times, boundary, arguments, literal):
    xs = arguments[0] if arguments else [1.0] * len(times)
    if name in ("percentile", "median"):
        return percentile(xs, literal)
    if name == "approx_percentile":
        return percentile([middle(x) for x in xs], literal)
    if name in ("covar", "corr", "slope"):
        return relation(name, *arguments)
    if name.startswith("decayed"):
        return decayed(times, xs, literal, boundary)
    return {"skew": skew, "kurtosis": kurtosis, "entropy": entropy}[name](xs) if name != "ewma" else ewma(xs, literal)


FAMILIES = {
    "money": lambda r: round(r.expovariate(0.02), 2),
    "few": lambda r: r.choice([0.1, 0.2, 0.3, -0.1, 1e16, 5.0]),
    "far": lambda r: 1e9 + r.random(),
    "wide": lambda r: math.ldexp(r.gauss(0, 1), r.randint(-100, 100)),
    "subnormal": lambda r: r.randint(-40, 40) * 5e-324 + 0.0,
    "largest": lambda r: r.choice([-1, 1]) * (1.7e308 + r.random() * 1e306),
    "hundredth": lambda r: 1.0 + r.randint(0, 3) * 2.0**-52,
}
LITERALS = {
    "percentile": lambda r: r.choice([0.0, 0.25, 0.5, 0.9, 0.95, 0.999, 1.0, r.random()]),
    "approx_percentile": lambda r: r.choice([0.0, 0.5, 0.95, 1.0, r.random()]),
    "median": lambda r: 0.5,
    "ewma": lambda r: r.choice([0.0, 0.1, 0.3, 1.0, r.random()]),
    "decayed_sum": lambda r: r.choice([1_000_000, DAY, 7 * DAY, 3660 * DAY]),
    "decayed_count": lambda r: r.choice([1_000_000, DAY, 7 * DAY]),
}
NAMES = ["percentile", "median", "approx_percentile", "skew", "kurtosis", "covar", "corr", "slope", "entropy", "ewma",
         "decayed_sum", "decayed_count"]


def main():
    r = random.Random(20)
    for name in NAMES:
        for family, draw in FAMILIES.items():
            for _ in range(8):
                n = r.choice([1, 2, 3, 4, 5, 9, 24])
                count = {"covar": 2, "corr": 2, "slope": 2, "decayed_count": 0}.get(name, 1)
                arguments = [[draw(r) for _ in range(n)] for _ in range(count)]
                start = r.randint(-2**50, 2**51)
                times = sorted(start + r.randint(0, r.choice([1000, DAY, 400 * DAY])) for _ in range(n))
                boundary = times[-1] + r.randint(1, 30 * DAY)
                literal = LITERALS.get(name, lambda r: None)(r)
                want = answer(name, times, boundary, arguments, literal)
                if want is None:
                    text = "null"
                elif math.isnan(want) or math.isinf(want):
                    text = "not finite"
                else:
                    text = bits(want + 0.0)
                print(json.dumps({"func": name, "family": family, "literal": literal, "times": times,
                                  "boundary": boundary, "x": [[bits(x) for x in a] for a in arguments], "want": text}))
    for n in [1, 2, 10, 1000, 5000, 20000]:
        seed = r.getrandbits(64) | 1
        hashes = [seed * k % 2**64 for k in range(1, n + 1)]
        print(json.dumps({"func": "approx_distinct", "seed": str(seed), "count": n, "want": str(sketch(hashes))}))
    # Against definitions that others wrote.
    xs = [r.gauss(3, 2) for _ in range(101)]
    ys = [x * 2 + r.gauss(0, 1) for x in xs]
    assert percentile(xs, 0.5) == statistics.median(xs)
    assert math.isclose(percentile(xs, 0.25), statistics.quantiles(xs, n=4, method="inclusive")[0], rel_tol=1e-12)
    assert math.isclose(relation("slope", ys, xs), statistics.linear_regression(xs, ys).slope, rel_tol=1e-12)
    assert math.isclose(relation("corr", ys, xs), statistics.correlation(xs, ys), rel_tol=1e-12)
    assert math.isclose(relation("covar", ys, xs), statistics.covariance(xs, ys) * 100 / 101, rel_tol=1e-12)
    print("the definitions agree with the statistics module", file=sys.stderr)


main()
