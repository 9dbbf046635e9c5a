#!/usr/bin/env python3
"""Polder's fleet beside PyVRP on the same instances, seconds and thread.

    python3 compare.py --seconds 5 --seeds 1,2 DIR/X-n101-k25.vrp ...

Makes a virtual environment beside this file with pyvrp in it, when it is not
there. The two take turns, so that whatever else the machine does hits both. The best
known cost is read from the .sol file beside each instance.
"""
import argparse, json, os, pathlib, subprocess, sys, venv

here = pathlib.Path(__file__).resolve().parent
env = here / ".venv"
if pathlib.Path(sys.prefix) != env:
    if not (env / "bin" / "python").exists():
        venv.create(env, with_pip=True)
    if subprocess.run([env / "bin" / "python", "-c", "import pyvrp"], capture_output=True).returncode:
        subprocess.run([env / "bin" / "pip", "install", "-q", "pyvrp"], check=True)
    os.execv(env / "bin" / "python", [str(env / "bin" / "python"), str(here / "compare.py"), *sys.argv[1:]])

import importlib.metadata
import pyvrp
import pyvrp.stop

options = argparse.ArgumentParser()
options.add_argument("--seconds", type=float, default=5)
options.add_argument("--seeds", default="1")
options.add_argument("instances", nargs="+")
args = options.parse_args()

binary = here / ".venv" / "fleet"
subprocess.run(["go", "build", "-trimpath", "-o", binary, "./bench/fleet"], cwd=here.parent.parent, check=True,
               env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false"})


def best_known(path):
    for line in path.with_suffix(".sol").read_text().splitlines():
        if line.lower().startswith("cost"):
            return float(line.split()[1])
    sys.exit("no cost in the solution of %s" % path)


print("pyvrp %s, %g s an instance, one thread each" % (importlib.metadata.version("pyvrp"), args.seconds))
print("| instance | seed | best known | Polder | gap | PyVRP | gap | Polder : PyVRP |")
print("|---|---:|---:|---:|---:|---:|---:|---:|")
for name in args.instances:
    path = pathlib.Path(name)
    best = best_known(path)
    for seed in map(int, args.seeds.split(",")):
        out = subprocess.run([binary, "-seconds", str(args.seconds), "-seed", str(seed), path], check=True, capture_output=True,
                             text=True, env={**os.environ, "GOMAXPROCS": "1"}).stdout
        ours = json.loads(out)["cost"]
        data = pyvrp.read(path, round_func="round")
        result = pyvrp.solve(data, stop=pyvrp.stop.MaxRuntime(args.seconds), seed=seed, display=False)
        theirs = result.cost() if result.is_feasible() else float("nan")
        gap = lambda x: "%.2f %%" % (100 * (x / best - 1))
        print("| %s | %d | %d | %d | %s | %d | %s | %.4f |" % (path.stem, seed, best, ours, gap(ours), theirs, gap(theirs), ours / theirs), flush=True)
