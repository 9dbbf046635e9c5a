#!/usr/bin/env python3
"""Polder's forecast beside simple forecasters and peers, on the same origins of the same containers.

    python3 bench/forecast/compare.py --world bins
    python3 bench/forecast/compare.py --world city

Makes a virtual environment beside this file with statsforecast and lightgbm in it,
when it is not there. Every method answers with a hundred quantiles of the fill, all
of them are scored by the same lines below. Peers see one level a day, at the
origins' time of day, until the origin, and which containers were emptied when; they
start from the level that the sensor shows.
"""
import argparse, os, pathlib, subprocess, sys, time, venv

here = pathlib.Path(__file__).resolve().parent
env = here / ".venv"
if pathlib.Path(sys.prefix) != env:
    if not (env / "bin" / "python").exists():
        venv.create(env, with_pip=True)
    if subprocess.run([env / "bin" / "python", "-c", "import statsforecast, lightgbm"], capture_output=True).returncode:
        subprocess.run([env / "bin" / "pip", "install", "-q", "statsforecast", "lightgbm"], check=True)
    os.execv(env / "bin" / "python", [str(env / "bin" / "python"), str(here / "compare.py"), *sys.argv[1:]])

import csv, importlib.metadata, statistics, tempfile, warnings
import numpy as np

options = argparse.ArgumentParser()
options.add_argument("--world", choices=["bins", "city"], default="bins")
options.add_argument("--peers", default="ets,arima,croston,tsb,lightgbm", help="which of these to run")
options.add_argument("--pit", action="store_true", help="print the model's PIT histogram")
options.add_argument("--cases", help="a folder that bench/forecast wrote before, instead of running it")
args, rest = options.parse_known_args()
peers = [p for p in args.peers.split(",") if p]
warnings.filterwarnings("ignore")

folder = args.cases
if not folder:
    folder = tempfile.mkdtemp()
    binary = env / "forecast"
    root = here.parent.parent
    subprocess.run(["go", "build", "-trimpath", "-o", binary, "./bench/forecast"], cwd=root, check=True,
                   env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false"})
    subprocess.run([binary, "-world", args.world, "-out", folder, *rest], cwd=root, check=True)

K = 100
P = (np.arange(K) + 0.5) / K
steps = args.world == "bins"

# --- what happened: level[id][day], growth[id][day] (NaN where an emptying or a gap is)
level, group, emptied = {}, {}, {}
for r in csv.DictReader(open(folder + "/levels.csv")):
    level.setdefault(r["id"], {})[int(r["day"])] = float(r["level"])
    group[r["id"]] = r["group"]
    if int(r["emptied"]):
        emptied.setdefault(r["id"], set()).add(int(r["day"]))
cases = [r for r in csv.DictReader(open(folder + "/cases.csv"))]
horizons = sorted({int(r["horizon"]) for r in cases})
first = {i: min(d) for i, d in level.items()}
last = max(max(d) for d in level.values())
growth = {}
for i, days in level.items():
    g = np.full(last - first[i] + 1, np.nan)
    for d in range(first[i] + 1, last + 1):
        if d in days and d - 1 in days and d not in emptied.get(i, ()):
            x = days[d] - days[d - 1]
            if x > -0.1:
                g[d - first[i]] = max(x, 0.0)
    growth[i] = g


def past(i, day):
    """Growth of container i until the origin's day."""
    return growth[i][:max(day - first[i] + 1, 0)]


def windows(g, h):
    """Growth over every h days that were all seen."""
    c = np.convolve(np.nan_to_num(g), np.ones(h))[h - 1:len(g)] if len(g) >= h else np.array([])
    bad = np.convolve(np.isnan(g), np.ones(h))[h - 1:len(g)] if len(g) >= h else np.array([])
    return c[bad == 0] if len(c) else c


def sample_quantiles(x):
    return np.quantile(x, P, method="inverted_cdf")


def normal_quantiles(mean, sd):
    z = np.array([statistics.NormalDist().inv_cdf(p) for p in P])
    return mean + sd * z


def filled(g, keep=180):
    """The last days of a series; a day not seen is its weekday's mean so far, else the mean."""
    g = g[-keep:].copy()
    mean = np.nanmean(g) if np.isfinite(g).any() else 0.0
    for k in np.flatnonzero(np.isnan(g)):
        same = g[k % 7:k:7]
        same = same[~np.isnan(same)]
        g[k] = same.mean() if len(same) else mean
    return g


# --- the methods: each returns {(id, day): {horizon: quantiles of growth}} for the origins asked
origins = sorted({(r["id"], int(r["day"])) for r in cases if r["id"] in growth})


def empirical(pool):
    out = {}
    for i, day in origins:
        out[i, day] = {}
        for h in horizons:
            if pool:
                key = (group[i], day, h)
                if key not in cache:
                    cache[key] = sample_quantiles(np.concatenate([windows(past(j, day), h) for j in growth if group[j] == group[i]]))
                out[i, day][h] = cache[key]
            else:
                w = windows(past(i, day), h)
                if len(w):
                    out[i, day][h] = sample_quantiles(w)
    return out


def by_level():
    """The yardstick of collection.md 3.5: the container's own growth from this same level, all that was known by then."""
    out = {}
    now = {(r["id"], int(r["day"])): float(r["now"]) for r in cases}
    for i, day in origins:
        out[i, day] = {}
        g, own = past(i, day), level[i]
        start = np.array([own.get(first[i] + k - 1, np.nan) for k in range(len(g))])
        for h in horizons:
            if len(g) < h:
                continue
            w = np.array([g[k:k + h].sum() for k in range(len(g) - h + 1) if abs(start[k] - now[i, day]) < (0.05 if steps else 0.15)])
            w = w[~np.isnan(w)] if len(w) else w
            if len(w):
                out[i, day][h] = sample_quantiles(w)
    return out


def last_rate():
    out = {}
    for i, day in origins:
        g = past(i, day)
        g = g[~np.isnan(g)]
        if len(g) < 7:
            continue
        out[i, day] = {h: normal_quantiles(h * g[-7:].mean(), np.sqrt(h) * g.std()) for h in horizons}
    return out


def seasonal_naive():
    """The last whole week again, with the scatter of week on week."""
    out = {}
    for i, day in origins:
        f = filled(past(i, day))
        if len(f) < 21:
            continue
        out[i, day] = {}
        for h in horizons:
            m = f[-7:][:h].sum()
            sums = np.convolve(f, np.ones(h))[h - 1:len(f)]
            d = sums[7:] - sums[:-7]
            out[i, day][h] = m + sample_quantiles(d - d.mean())
    return out


def statsforecast(model):
    """A peer's path of daily growth; the spread of h days is what its intervals say (ETS, AutoARIMA: steps taken for independent),
    else the scatter of the container's own h-day sums around their mean (Croston, TSB give none)."""
    from statsforecast.models import AutoARIMA, AutoETS, CrostonOptimized, TSB
    make = {"ets": lambda: AutoETS(season_length=7), "arima": lambda: AutoARIMA(season_length=7, max_p=2, max_q=2, max_P=1, max_Q=1, approximation=True),
            "croston": CrostonOptimized, "tsb": lambda: TSB(0.1, 0.1)}[model]
    most, out = max(horizons), {}
    z80 = statistics.NormalDist().inv_cdf(0.9)
    for i, day in origins:
        f = filled(past(i, day), 84)
        if len(f) < 28 or f.std() == 0:
            continue
        out[i, day] = {}
        if model in ("ets", "arima"):
            r = make().forecast(y=f, h=most, level=[80])
            mean, sd = np.asarray(r["mean"]), (np.asarray(r["hi-80"]) - np.asarray(r["mean"])) / z80
            for h in horizons:
                out[i, day][h] = normal_quantiles(mean[:h].sum(), np.sqrt((sd[:h] ** 2).sum()))
        else:
            mean = np.asarray(make().forecast(y=f, h=most)["mean"])
            for h in horizons:
                w = windows(past(i, day), h)
                if len(w):
                    out[i, day][h] = mean[:h].sum() + sample_quantiles(w - w.mean())
    return out


def features(i, day, start, h):
    g = past(i, day)
    seen = g[~np.isnan(g)]
    def mean(n):
        return seen[-n:].mean() if len(seen) else 0.0
    same = 0
    while same < 30 and level[i].get(day - same - 1) == level[i].get(day):
        same += 1
    age = 0
    while age < 60 and day - age not in emptied.get(i, ()):
        age += 1
    return [number[i], codes[group[i]], start, (weekday0 + day) % 7, mean(3), mean(7), mean(28), mean(1000), seen.std() if len(seen) else 0, same, age, h]


def lightgbm():
    """Nineteen quantiles by gradient boosting over all containers and horizons, learned once, before the first origin: recent
    rates, weekday, level, days at this level, days since emptying."""
    import lightgbm as lgb
    begin = min(d for _, d in origins)
    X, Y = [], []
    for i in growth:
        for day in range(first[i] + 30, begin - 1):
            if day not in level[i] or level[i][day] > 0.79:
                continue
            for h in horizons:
                if day + h < begin:
                    y = growth[i][day + 1 - first[i]:day + 1 - first[i] + h]
                    if len(y) == h and not np.isnan(y).any():
                        X.append((i, day, level[i][day], h))
                        Y.append(y.sum())
    rng = np.random.default_rng(1)
    keep = rng.permutation(len(X))[:20000]
    A, Y = np.array([features(*X[k]) for k in keep]), np.array([Y[k] for k in keep])
    now = {(r["id"], int(r["day"])): float(r["now"]) for r in cases}
    asked = [(i, day, h) for i, day in origins for h in horizons]
    B = np.array([features(i, day, now[i, day], h) for i, day, h in asked])
    levels = np.array([0.01, 0.025] + [k / 20 for k in range(1, 20)] + [0.975, 0.99])
    Q = []
    for q in levels:
        m = lgb.train({"objective": "quantile", "alpha": q, "num_leaves": 15, "learning_rate": 0.08, "min_data_in_leaf": 50, "verbose": -1, "num_threads": 1,
                       "seed": 1, "deterministic": True}, lgb.Dataset(A, Y, categorical_feature=[0, 1, 3]), 120)
        Q.append(m.predict(B))
    Q = np.maximum(np.sort(np.array(Q), axis=0), 0)
    out = {}
    for k, (i, day, h) in enumerate(asked):
        out.setdefault((i, day), {})[h] = np.interp(P, levels, Q[:, k])
    return out


cache = {}
number = {i: k for k, i in enumerate(sorted(growth))}
codes = {g: k for k, g in enumerate(sorted(set(group.values())))}
weekday0 = 0
named = {
    "empirical, own": lambda: empirical(False), "empirical, own by level": by_level, "empirical, pooled": lambda: empirical(True),
    "empirical, own, from our belief": lambda: empirical(False), "last rate": last_rate, "seasonal naive": seasonal_naive,
    "ets": lambda: statsforecast("ets"), "arima": lambda: statsforecast("arima"), "croston": lambda: statsforecast("croston"),
    "tsb": lambda: statsforecast("tsb"), "lightgbm": lightgbm,
}
answers, took = {}, {}
for name, method in named.items():
    if name in ("ets", "arima", "croston", "tsb", "lightgbm") and name not in peers:
        continue
    began = time.time()
    answers[name] = method()
    took[name] = time.time() - began
    print("%s: %.0f s" % (name, took[name]), file=sys.stderr, flush=True)

# --- the scorer, the same for all
scores = {}


def score(name, h, q, y, u):
    q = np.sort(q)
    crps = np.abs(q - y).mean() - (q * (2 * np.arange(K) + 1 - K)).sum() / K**2
    pin = [max(p * (y - x), (p - 1) * (y - x)) for p, x in ((p, q[min(int(p * K), K - 1)]) for p in (0.05, 0.25, 0.5, 0.75, 0.95))]
    pit = ((q < y - 1e-9).sum() + u * (np.abs(q - y) <= 1e-9).sum()) / K
    scores.setdefault((name, h), []).append((crps, *pin, pit, q.mean() - y))


def seen(i, day):
    """The level that the sensor shows at the origin: from it all but Polder start, unless their name says otherwise."""
    return level[i][day]


count = 0
for k, r in enumerate(cases):
    i, day, h, now, y = r["id"], int(r["day"]), int(r["horizon"]), float(r["now"]), float(r["came"])
    got = {n: a.get((i, day), {}).get(h) for n, a in answers.items()}
    if day not in level[i] or any(q is None for q in got.values()):
        continue  # the same cases for all
    count += 1
    u = (k * 0.6180339887) % 1  # the rank among equals is drawn, so that a step sensor's intervals can be judged
    score("polder", h, np.array([float(r["q%d" % j]) for j in range(K)]), y, u)
    for n, q in got.items():
        q = np.maximum((now if n.endswith("belief") else seen(i, day)) + q, 0)
        if steps:
            q = np.minimum(np.round(np.maximum(q, now) * 5) / 5, 1)
        score(n, h, q, y, u)

print("%s; %s of %d cases that all methods answer; statsforecast %s, lightgbm %s; load %.1f" % (
    args.world, count, len(cases), importlib.metadata.version("statsforecast"), importlib.metadata.version("lightgbm"), os.getloadavg()[0]))
print("\n| days | method | n | CRPS | of own | pinball 5 | 25 | 50 | 75 | 95 | in 50 % | 80 % | 95 % | bias |")
print("|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
for h in horizons:
    own = np.mean([s[0] for s in scores["empirical, own", h]])
    for n in ["polder", *answers]:
        s = np.array(scores[n, h])
        inside = [100 * np.mean(np.abs(s[:, 6] - 0.5) <= w / 2) for w in (0.5, 0.8, 0.95)]
        print("| %d | %s | %d | %.2f | %+.1f %% | %s | %s | %+.2f |" % (
            h, n, len(s), 100 * s[:, 0].mean(), 100 * (s[:, 0].mean() / own - 1), " | ".join("%.2f" % (100 * x) for x in s[:, 1:6].mean(0)),
            " | ".join("%.1f" % x for x in inside), 100 * s[:, 7].mean()))
if args.pit:
    for h in horizons:
        pit = np.histogram([s[6] for s in scores["polder", h]], bins=10, range=(0, 1))[0]
        print("PIT of polder, %d days, in tenths: %s %%" % (h, " ".join("%.1f" % (100 * x / pit.sum()) for x in pit)))
