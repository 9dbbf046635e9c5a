#!/usr/bin/env python3
"""Polder's fleet beside HGS-CVRP, PyVRP, VROOM and OR-Tools on the same instances, seconds and thread.

    python3 compare.py --share 0.1 --seeds 1,2 DIR/X-n101-k25.vrp ...
    python3 compare.py --seconds 120 --solvers polder,pyvrp DIR/C1_10_2.vrp ...

Makes a virtual environment beside this file with hygese, pyvrp, pyvroom and ortools in it, when they are not
there. The solvers take turns, so that whatever else the machine does hits all; besides, Polder, HGS-CVRP (by itself) and
PyVRP count seconds of processor time unless --wall is given; VROOM and OR-Tools cannot. A share is of the time that Vidal
(2022) gives the X instances: 240 seconds a hundred stops. The best known cost is read from the .sol
file beside each instance. HGS-CVRP solves CVRP only; VROOM and OR-Tools are asked CVRP and VRPTW.
"""
import argparse, json, math, os, pathlib, statistics, subprocess, sys, time, venv

here = pathlib.Path(__file__).resolve().parent
env = here / ".venv"
peers = {"hgs": "hygese", "pyvrp": "pyvrp", "vroom": "pyvroom", "ortools": "ortools"}
if pathlib.Path(sys.prefix) != env:
    if not (env / "bin" / "python").exists():
        venv.create(env, with_pip=True)
    if subprocess.run([env / "bin" / "python", "-c", "import pyvrp, hygese, vroom, ortools, vrplib"], capture_output=True).returncode:
        subprocess.run([env / "bin" / "pip", "install", "-q", "vrplib", *peers.values()], check=True)
    os.execv(env / "bin" / "python", [str(env / "bin" / "python"), str(here / "compare.py"), *sys.argv[1:]])

import importlib.metadata
import numpy, vrplib

# What a file's type says about rounding distances (see ReadVRPLIB), and how many units of
# the best known cost make one of the instance's.
rounding = {"CVRP": "round", "HFVRP": "exact", "MDVRPTW": "exact"}
scale = {"VRPTW": 10, "HFVRP": 100_000}


def matrix(instance):
    """Integer distances by the convention of the type."""
    xy = instance["node_coord"]
    apart = numpy.sqrt(((xy[:, None] - xy[None]) ** 2).sum(-1))
    rule = rounding.get(instance["type"], "dimacs")
    return {"round": numpy.round(apart), "exact": numpy.round(1000 * apart), "dimacs": 10 * apart}[rule].astype(int)


def services(instance):
    """Service times per node, in tenths; one number in the file holds for all stops."""
    times = numpy.broadcast_to(instance["service_time"], instance["dimension"]) * 10
    return [0, *times.astype(int).tolist()[1:]]


def best_known(path, kind):
    for line in path.with_suffix(".sol").read_text().splitlines():
        if line.lower().startswith("cost"):
            return float(line.split()[1]) * scale.get(kind, 1)
    sys.exit("no cost in the solution of %s" % path)


def polder(path, instance, seconds, seed):
    clock = [] if args.wall else ["-processor"]
    out = subprocess.run([here / ".venv" / "fleet", "-seconds", str(seconds), "-seed", str(seed), "-workers", str(args.threads), *clock, path],
                         check=True, capture_output=True, text=True, env={**os.environ, "GOMAXPROCS": str(args.threads)}).stdout
    return json.loads(out)["objective"]


def hgs(path, instance, seconds, seed):
    import hygese
    if instance["type"] != "CVRP":
        return None
    n = instance["dimension"]
    xy = instance["node_coord"]
    solver = hygese.Solver(parameters=hygese.AlgorithmParameters(timeLimit=seconds, seed=seed), verbose=False)
    return solver.solve_cvrp({
        "x_coordinates": xy[:, 0], "y_coordinates": xy[:, 1], "demands": instance["demand"], "depot": 0,
        "vehicle_capacity": instance["capacity"], "service_times": numpy.zeros(n)}, rounding=True).cost


def pyvrp(path, instance, seconds, seed):
    import pyvrp, pyvrp.stop
    data = pyvrp.read(path, round_func=rounding.get(instance["type"], "dimacs"))
    begin = time.process_time()
    stop = pyvrp.stop.MaxRuntime(seconds) if args.wall else lambda best: time.process_time() - begin > seconds
    result = pyvrp.solve(data, stop=stop, seed=seed, display=False)
    return result.cost() if result.is_feasible() else math.inf


def vroom(path, instance, seconds, seed):
    import datetime, vroom
    if instance["type"] not in ("CVRP", "VRPTW"):
        return None
    apart = matrix(instance)
    v = vroom.Input()
    v.set_durations_matrix("car", apart.astype(numpy.uint32))
    v.set_costs_matrix("car", apart.astype(numpy.uint32))
    capacity = [int(instance["capacity"])]
    fleet = instance.get("vehicles") or len(apart)
    day = instance["time_window"][0] * 10 if "time_window" in instance else None
    for i in range(int(fleet)):
        window = {} if day is None else {"time_window": vroom.TimeWindow(int(day[0]), int(day[1]))}
        v.add_vehicle(vroom.Vehicle(i + 1, start=0, end=0, capacity=capacity, **window))
    for i in range(1, len(apart)):
        more = {}
        if day is not None:
            w = instance["time_window"][i] * 10
            more = {"time_windows": [vroom.TimeWindow(int(w[0]), int(w[1]))], "default_service": int(services(instance)[i])}
        v.add_job(vroom.Job(i, location=i, delivery=[int(instance["demand"][i])], **more))
    solution = v.solve(exploration_level=5, nb_threads=args.threads, timeout=datetime.timedelta(seconds=seconds))
    return math.inf if solution.summary.unassigned else solution.summary.cost


def ortools(path, instance, seconds, seed):
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2
    if instance["type"] not in ("CVRP", "VRPTW"):
        return None
    apart = matrix(instance).tolist()
    demand = [int(d) for d in instance["demand"]]
    capacity = int(instance["capacity"])
    fleet = int(instance.get("vehicles") or min(len(apart), 2 * sum(demand) // capacity + 10))
    manager = pywrapcp.RoutingIndexManager(len(apart), fleet, 0)
    model = pywrapcp.RoutingModel(manager)
    cost = model.RegisterTransitMatrix(apart)
    model.SetArcCostEvaluatorOfAllVehicles(cost)
    model.AddDimension(model.RegisterUnaryTransitVector(demand), 0, capacity, True, "load")
    if "time_window" in instance:
        windows = (instance["time_window"] * 10).astype(int).tolist()
        service = services(instance)
        ride = model.RegisterTransitMatrix([[d + service[i] for d in row] for i, row in enumerate(apart)])
        model.AddDimension(ride, windows[0][1], windows[0][1], False, "time")
        clock = model.GetDimensionOrDie("time")
        for i in range(1, len(apart)):
            clock.CumulVar(manager.NodeToIndex(i)).SetRange(*windows[i])
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    parameters.time_limit.FromMilliseconds(int(1000 * seconds))
    solution = model.SolveWithParameters(parameters)
    return solution.ObjectiveValue() if solution else math.inf


solvers = {"polder": polder, "hgs": hgs, "pyvrp": pyvrp, "vroom": vroom, "ortools": ortools}
options = argparse.ArgumentParser()
options.add_argument("--seconds", type=float, help="an instance")
options.add_argument("--share", type=float, default=0.1, help="of 240 seconds a hundred stops, where --seconds is not given")
options.add_argument("--seeds", default="1")
options.add_argument("--threads", type=int, default=1, help="of Polder and VROOM; the others have one")
options.add_argument("--wall", action="store_true", help="count seconds on the wall clock")
options.add_argument("--solvers", default=",".join(solvers))
options.add_argument("instances", nargs="+")
args = options.parse_args()
chosen = args.solvers.split(",")

subprocess.run(["go", "build", "-trimpath", "-o", here / ".venv" / "fleet", "./bench/fleet"], cwd=here.parent.parent, check=True,
               env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false"})

print(", ".join("%s %s" % (peers[s], importlib.metadata.version(peers[s])) for s in chosen if s in peers), end="; ")
print("load %.1f %.1f %.1f at the beginning" % os.getloadavg())
print("| instance | seconds | seed | best known | %s |" % " | ".join("%s | gap" % s for s in chosen))
print("|---|---:|---:|---:|%s" % ("---:|---:|" * len(chosen)))
gaps = {s: [] for s in chosen}
for name in args.instances:
    path = pathlib.Path(name)
    instance = vrplib.read_instance(path)
    best = best_known(path, instance["type"])
    seconds = args.seconds or args.share * 240 * (instance["dimension"] - 1) / 100
    for seed in map(int, args.seeds.split(",")):
        cells = []
        for s in chosen:
            cost = solvers[s](path, instance, seconds, seed)
            if cost is None:
                cells += ["", ""]
                continue
            gap = 100 * (cost / best - 1)
            gaps[s].append(gap)
            cells += ["%.0f" % cost, "%.2f %%" % gap]
        print("| %s | %.1f | %d | %.0f | %s |" % (path.stem, seconds, seed, best, " | ".join(cells)), flush=True)
print("| mean | | | | %s |" % " | ".join("| %.2f %%" % statistics.fmean(gaps[s]) if gaps[s] else "|" for s in chosen))
print("load %.1f %.1f %.1f at the end" % os.getloadavg())
