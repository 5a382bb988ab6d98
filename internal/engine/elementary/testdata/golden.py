"""Write vectors for the tests: correctly rounded values by mpmath (pip install mpmath==1.3.0).

python3 golden.py COUNT SEED > golden.txt. A line is a function, the bits of its arguments and those
of its value.
"""
import math
import random
import struct
import sys
from fractions import Fraction

import mpmath
from mpmath import mp, mpf

mp.prec = 2400


def bits(x):
    return "%016x" % struct.unpack("<Q", struct.pack("<d", x))[0]


def of_bits(n):
    return struct.unpack("<d", struct.pack("<Q", n))[0]


def nearest(x):
    """Round to float64, ties to even, subnormal numbers and infinities included."""
    if x == 0:
        return 0.0
    sign, man, exp, count = mpf(x)._mpf_
    drop = max(count - 53, -1074 - exp)
    if drop > 0:
        rest = man & ((1 << drop) - 1)
        man >>= drop
        half = 1 << (drop - 1)
        if rest > half or rest == half and man & 1:
            man += 1
        exp += drop
    try:
        value = math.ldexp(int(man), int(exp))
    except OverflowError:
        value = math.inf
    return -value if sign else value


def turn(function):
    def value(x, period):
        ratio = Fraction(float(x)) / Fraction(float(period))
        ratio -= math.floor(ratio + Fraction(1, 2))
        return function(2 * mpf(ratio.numerator) / mpf(ratio.denominator))
    return value


FUNCTIONS = {
    "exp": mpmath.exp, "exp2": lambda x: mpf(2) ** x, "log": mpmath.log,
    "log2": lambda x: mpmath.log(x) / mpmath.log(2), "log10": lambda x: mpmath.log(x) / mpmath.log(10),
    "log1p": lambda x: mpmath.log(1 + x), "sin": mpmath.sin, "cos": mpmath.cos, "tan": mpmath.tan,
    "asin": mpmath.asin, "pow": lambda x, y: x ** y, "atan2": mpmath.atan2,
    "sinturn": turn(mpmath.sinpi), "costurn": turn(mpmath.cospi),
}


def any_float(r, low, high):
    """A number of either sign whose exponent is even over a range."""
    return r.choice([-1, 1]) * math.ldexp(r.uniform(1, 2), r.randint(low, high - 1))


def near_pi(r):
    """The float64 nearest to a multiple of pi/2."""
    return nearest(mp.pi / 2 * r.randint(1, 2 ** r.randint(2, 60)))


def arguments(name, r):
    pick = r.random()
    if name == "exp":
        return (any_float(r, -30, 9) if pick < .9 else r.uniform(-746, -708),)
    if name == "exp2":
        return (any_float(r, -30, 10) if pick < .8 else float(r.randint(-1080, 1023)),)
    if name in ("log", "log2", "log10"):
        if pick < .4:
            return (1 + any_float(r, -52, -1) / 2,)
        return (abs(any_float(r, -1074, 1024)) if pick < .8 else float(10 ** r.randint(0, 22)),)
    if name == "log1p":
        return (abs(any_float(r, -70, 60)) if pick < .6 else -r.random(),)
    if name in ("sin", "cos", "tan"):
        return (any_float(r, -50, 12) if pick < .5 else any_float(r, -70, 1024) if pick < .8 else near_pi(r),)
    if name == "asin":
        return (any_float(r, -60, 0) if pick < .5 else r.uniform(-1, 1),)
    if name == "pow":
        if pick < .15:  # exact, or halfway
            return float(r.randint(2, 2 ** r.randint(2, 27))), float(r.randint(1, 8)) / r.choice([1, 1, 1, 2, 4])
        if pick < .25:
            return float(r.randint(2, 9999) ** 2), r.randint(1, 9) / 2
        if pick < .5:
            return 1 + r.uniform(0, 2 ** -r.randint(1, 40)), any_float(r, 0, 40)
        return abs(any_float(r, -40, 40)), any_float(r, -10, 5)
    if name == "atan2":
        if pick < .2:
            return any_float(r, -1074, 1024), any_float(r, -1074, 1024)
        return any_float(r, -20, 20), any_float(r, -20, 20)
    period = float(r.choice([24, 7, 12, 60, 365.25, abs(any_float(r, -300, 300))]))
    return any_float(r, -20, 20) * period if pick < .5 else r.randint(-1000, 1000) * period / 24, period


def main():
    count, r = int(sys.argv[1]), random.Random(int(sys.argv[2]))
    for name, function in FUNCTIONS.items():
        for _ in range(count):
            args = arguments(name, r)
            if any(x == 0 or math.isinf(x) for x in args) or name == "log1p" and args[0] <= -1:
                continue
            if name == "pow" and abs(args[1] * math.log(args[0])) > 760:
                continue
            value = nearest(function(*[mpf(x) for x in args]))
            print(name, *[bits(x) for x in args], bits(value))


main()
