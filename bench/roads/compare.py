#!/usr/bin/env python3
"""Polder's roads beside OSRM and RoutingKit on the same streets and machine, in one run.

    python3 compare.py --times 100 FILE.osm.pbf
    python3 compare.py [--places 1000] [--rounds 3] [--side 300,1100] [--osrm mld,ch] FILE.osm.pbf ...

Installs OSRM (the programs in PyPI's osrm-bindings) and RoutingKit (PyPI's
routingkit-cch) in .venv beside this file when they are not there. --side adds generated
networks (generate.go) of that many junctions squared. --times compares travel times with
OSRM's, pair by pair, at the same speeds, and measures nothing. The engines take turns, so that
whatever else the machine does hits all; each uses one thread.
"""
import argparse, array, http.client, json, os, pathlib, resource, subprocess, sys, time, venv, zipfile

here = pathlib.Path(__file__).resolve().parent
env = here / ".venv"
work = env / "work"
osrm = env / "osrm"
ONE = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false", "GOMAXPROCS": "1"}
PORT = 15017

if pathlib.Path(sys.prefix) != env:
    python = env / "bin" / "python"
    if not python.exists():
        venv.create(env, with_pip=True)
    if subprocess.run([python, "-c", "import routingkit_cch"], capture_output=True).returncode:
        subprocess.run([python, "-m", "pip", "install", "-q", "routingkit-cch"], check=True)
    if not (osrm / "bin" / "osrm-routed").exists():
        # The wheel's module needs Python 3.12, its programs need no Python.
        subprocess.run([python, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--python-version", "3.12",
                        "-d", env, "osrm-bindings"], check=True)
        zipfile.ZipFile(next(env.glob("osrm_bindings-*.whl"))).extractall(env)
        for program in (osrm / "bin").iterdir():
            program.chmod(0o755)
    os.execv(python, [str(python), str(here / "compare.py"), *sys.argv[1:]])

import importlib.metadata


def clock(do):
    """Seconds by the clock and of the processor, and what came out."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = do()
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}, result


def resident(pid):
    for line in open("/proc/%s/status" % pid):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024


def routingkit(arcs):
    """RoutingKit on our graph of arcs, in a process of its own: a line of JSON, then one a round."""
    import random
    import routingkit_cch as rk

    numbers = array.array("i", pathlib.Path(arcs).read_bytes())
    n, m = numbers[0], numbers[1]
    lon, lat = [x / 1e7 for x in numbers[2:2 + 2 * n:2]], [x / 1e7 for x in numbers[3:3 + 2 * n:2]]
    at = 2 + 2 * n
    tail, head, weight = (list(numbers[at + k * m:at + (k + 1) * m]) for k in range(3))
    order_took, order = clock(lambda: rk.compute_order_inertial(n, tail, head, lat, lon))
    before = resident("self")
    cch_took, cch = clock(lambda: rk.CCH(order, tail, head, True))
    metric = rk.CCHMetric(cch, weight)
    print(json.dumps({"order": order_took, "cch": cch_took, "memory_mb": resident("self") - before, "nodes": n, "edges": m}), flush=True)
    places = random.Random(1).sample(range(n), min(n, args.places))

    def paths():
        query = rk.CCHQuery(metric)
        for a, b in zip(places, places[1:] + places[:1]):
            query.run(a, b).arc_path

    def matrix():
        many = rk.CCHOneToMany(metric, places)
        for a in places:
            many.distances_from(a)

    for _ in sys.stdin:
        print(json.dumps({"customize": clock(lambda: metric.reset(weight))[0], "path": clock(paths)[0], "matrix": clock(matrix)[0]}), flush=True)


class Process:
    """A program that prints a line of JSON for each that it reads."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ONE)
        self.loaded = json.loads(self.process.stdout.readline())

    def round(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def program(name, *arguments):
    """Runs one of OSRM's programs; seconds of its own and by the clock, None when over the limit."""
    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    try:
        subprocess.run([osrm / "bin" / name, *map(str, arguments)], check=True, cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=args.limit)
    except subprocess.TimeoutExpired:
        return None
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"wall": time.perf_counter() - wall, "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


class OSRM:
    """osrm-routed over HTTP on one kept connection; processor seconds are the server's."""

    def __init__(self, base, algorithm, places):
        self.server = subprocess.Popen([osrm / "bin" / "osrm-routed", "--algorithm", algorithm, "--ip", "127.0.0.1", "--port", str(PORT),
                                        "--threads", "1", "--max-table-size", str(len(places)), base], cwd=work, stdout=subprocess.DEVNULL)
        self.http = http.client.HTTPConnection("127.0.0.1", PORT)
        self.places = ["%.6f,%.6f" % tuple(p) for p in places]
        for _ in range(600):
            try:
                self.get("/nearest/v1/driving/" + self.places[0])
                break
            except OSError:
                self.http.close()
                time.sleep(0.2)
        self.memory = resident(self.server.pid)

    def get(self, path):
        try:
            self.http.request("GET", path)
            answer = self.http.getresponse()
        except http.client.RemoteDisconnected:  # after 512 answers
            self.http.close()
            self.http.request("GET", path)
            answer = self.http.getresponse()
        body = answer.read()
        if answer.status != 200:
            sys.exit("OSRM answers %d: %s" % (answer.status, body[:200]))
        return body

    def clock(self, paths):
        def cpu():
            tasks = pathlib.Path("/proc/%d/task" % self.server.pid).glob("*/schedstat")
            return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9
        wall, before = time.perf_counter(), cpu()
        for path in paths:
            self.get(path)
        return {"wall": time.perf_counter() - wall, "cpu": cpu() - before}

    def round(self):
        pairs = list(zip(self.places, self.places[1:] + self.places[:1]))
        return {
            "floor": self.clock(["/nearest/v1/driving/%s.flatbuffers" % a for a in self.places]),
            "path": self.clock(["/route/v1/driving/%s;%s.flatbuffers?overview=full" % pair for pair in pairs]),
            "matrix": self.clock(["/table/v1/driving/" + ";".join(self.places) + ".flatbuffers?annotations=duration"]),
        }

    def close(self):
        self.server.terminate()
        self.server.wait()


# OSRM's car with Polder's speed on each way, and turns that cost nothing.
SAME_SPEEDS = """
local car = dofile('%s')
local speeds = dofile('%s')
local process_way = car.process_way
car.process_way = function(profile, way, result, relations)
  process_way(profile, way, result, relations)
  local speed = speeds[way:id()]
  if speed == nil then
    result.forward_mode, result.backward_mode = mode.inaccessible, mode.inaccessible
    return
  end
  if result.forward_speed > 0 then result.forward_speed, result.forward_rate = speed, speed / 3.6 end
  if result.backward_speed > 0 then result.backward_speed, result.backward_rate = speed, speed / 3.6 end
end
car.process_turn = function(profile, turn) turn.duration, turn.weight = 0, 0 end
return car
"""


def times(file):
    """Compares every pair of places, and counts those that differ over 2 % by what differs."""
    ours = json.loads(subprocess.run([binary, "times", str(args.times), file], check=True, stdout=subprocess.PIPE).stdout)
    profiles = osrm / "share" / "profiles"
    (work / "speeds.lua").write_text("return {%s}" % ",".join("[%s]=%g" % s for s in ours["speeds"].items()))
    (profiles / "same.lua").write_text(SAME_SPEEDS % (profiles / "car.lua", work / "speeds.lua"))
    base = "times-" + file.name.removesuffix(".osm.pbf")
    (work / (base + ".osm.pbf")).unlink(missing_ok=True)
    (work / (base + ".osm.pbf")).symlink_to(file.resolve())
    program("osrm-extract", "-t", 1, "-p", profiles / "same.lua", base + ".osm.pbf")
    program("osrm-contract", "-t", 1, base + ".osrm")
    server = OSRM(base + ".osrm", "ch", ours["places"])
    try:
        theirs = json.loads(server.get("/table/v1/driving/" + ";".join(server.places) + "?annotations=duration,distance"))
    finally:
        server.close()
    n, kinds, pairs, shares = len(ours["places"]), {}, 0, []
    for i in range(n):
        for j in range(n):
            a, b = ours["seconds"][i * n + j], theirs["durations"][i][j]
            ma, mb = ours["meters"][i * n + j], theirs["distances"][i][j]
            far = theirs["sources"][i]["distance"] > 2 or theirs["destinations"][j]["distance"] > 2
            if i == j:
                continue
            pairs += 1
            shares.append(abs(a - b) / max(a, b, 1) if b is not None else 1)
            if b is not None and abs(a - b) <= max(0.02 * max(a, b), 1):
                continue
            same = b is not None and abs(ma - mb) <= max(0.005 * max(ma, mb), 5)
            kind = ("OSRM has no way" if b is None else "OSRM starts or ends on another street" if far else
                    "the same length, Polder slower" if same and a > b else "the same length, Polder faster" if same else
                    "another way, Polder slower" if a > b else "another way, Polder faster")
            kinds.setdefault(kind, []).append((abs(a - b) / max(a, b, 1) if b is not None else 1, i, j, a, b, ma, mb))
    shares.sort()
    print("\n### Times on %s\n\n%d pairs of %.0f s on average; half differ by less than %.2f %%, 99 %% by less than %.2f %%; %d differ over 2 %% (and over a second).\n" % (
        file.name, pairs, sum(ours["seconds"]) / pairs, 100 * shares[pairs // 2], 100 * shares[pairs * 99 // 100], sum(map(len, kinds.values()))))
    if not kinds:
        return
    print("| what differs | pairs | median | most | for instance |\n|---|---:|---:|---:|---|")
    for kind, found in sorted(kinds.items(), key=lambda k: -len(k[1])):
        found.sort()
        share, i, j, a, b, ma, mb = found[-1]
        print("| %s | %d | %.1f %% | %.1f %% | %s to %s: Polder %s s and %s m, OSRM %s s and %s m |" % (
            kind, len(found), 100 * found[len(found) // 2][0], 100 * share, server.places[i], server.places[j], a, ma, b, mb))


def best(rounds, what, kind):
    return min(r[what][kind] for r in rounds)


def table(title, rows):
    print("\n### %s\n" % title)
    names = [name for name, _ in rows]
    print("| work | " + " | ".join(names) + " | " + " | ".join("Polder : " + name for name in names[1:]) + " |")
    print("|---|" + "---:|" * (2 * len(names) - 1))
    for what, scale, unit in [("import and preparation", 1, "s"), ("memory after loading", 1, "MB"), ("new metric", 1000, "ms"),
                              ("one to one with path", 1e6 / args.places, "µs"), ("matrix", 1000, "ms")]:
        for kind in ("cpu", "wall") if what != "memory after loading" else ("",):
            values = [figures.get((what, kind)) for _, figures in rows]
            if values[0] is None:
                continue
            shown = [("%.0f %s" if v * scale >= 1000 else "%.4g %s") % (v * scale, unit) if v is not None else "-" for v in values]
            ratios = ["%.3f" % (values[0] / v) if v else "-" for v in values[1:]]
            print("| %s%s | %s |" % (what, ", " + kind if kind else "", " | ".join(shown + ratios)), flush=True)


def both(total, *parts):
    for kind in ("cpu", "wall"):
        total["import and preparation", kind] = sum(p[kind] for p in parts)


def compare(file):
    arcs = work / "arcs"
    subprocess.run([binary, "arcs", file, arcs], check=True)
    ours = Process(binary, "measure", str(args.places), file)
    kit = Process(sys.executable, here / "compare.py", "--places", str(args.places), "--arcs", arcs)
    base = file.name.removesuffix(".osm.pbf")
    if file.parent != work:
        (work / file.name).unlink(missing_ok=True)
        (work / file.name).symlink_to(file.resolve())
    extract = program("osrm-extract", "-t", 1, "-p", osrm / "share" / "profiles" / "car.lua", file.name)
    if extract is None:
        sys.exit("osrm-extract needs more than %d s" % args.limit)
    programs = {"mld": ["osrm-partition", "osrm-customize"], "ch": ["osrm-contract"]}
    steps = {a: [program(p, "-t", 1, base + ".osrm") for p in programs[a]] for a in args.osrm.split(",")}
    engines = {"Polder": ours, "RoutingKit": kit}
    rounds = {name: [] for name in ["Polder", "RoutingKit", *("OSRM " + a for a in steps)]}
    memory = {"Polder": ours.loaded["memory_mb"], "RoutingKit": kit.loaded["memory_mb"]}
    for _ in range(args.rounds):
        for name, engine in engines.items():
            rounds[name].append(engine.round())
        for algorithm, prepared in steps.items():
            if None in prepared:
                continue
            server = OSRM(base + ".osrm", algorithm, ours.loaded["places"])
            try:
                rounds["OSRM " + algorithm].append(server.round())
                memory["OSRM " + algorithm] = server.memory
            finally:
                server.close()
    ours.close()
    kit.close()
    rows = []
    for name, done in rounds.items():
        figures = {}
        rows.append((name, figures))
        algorithm = name.removeprefix("OSRM ")
        if not done:
            print("\n%s took more than %d s to prepare %s." % (name, args.limit, base))
            continue
        figures["memory after loading", ""] = memory[name]
        for kind in ("cpu", "wall"):
            figures["one to one with path", kind] = best(done, "path", kind)
            figures["matrix", kind] = best(done, "matrix", kind)
            if "customize" in done[0]:
                figures["new metric", kind] = best(done, "customize", kind)
        if name == "Polder":
            both(figures, ours.loaded["import"], ours.loaded["build"])
        elif name == "RoutingKit":
            both(figures, kit.loaded["order"], kit.loaded["cch"])
        else:
            both(figures, extract, *steps[algorithm])
            floor = best(done, "floor", "cpu")
            print("\n%s: of a path's time over HTTP, %.0f µs of the processor and %.0f µs by the clock are what its simplest answer takes." % (
                name, floor / args.places * 1e6, best(done, "floor", "wall") / args.places * 1e6))
        if algorithm == "mld":
            for kind in ("cpu", "wall"):
                figures["new metric", kind] = steps["mld"][1][kind]
    s = ours.loaded["stats"]
    table("%s: %d junctions, %d arcs, %d turns; %d places" % (base, s["Nodes"], s["Arcs"], s["Turns"], args.places), rows)


options = argparse.ArgumentParser()
options.add_argument("--places", type=int, default=1000)
options.add_argument("--rounds", type=int, default=3)
options.add_argument("--side", default="", help="sides of networks to generate")
options.add_argument("--osrm", default="mld,ch", help="OSRM's algorithms; mld comes first, since preparing it undoes ch")
options.add_argument("--limit", type=int, default=1800, help="seconds that one of OSRM's programs may take")
options.add_argument("--times", type=int, default=0, help="compare times between so many places instead")
options.add_argument("--arcs", help=argparse.SUPPRESS)
options.add_argument("files", nargs="*", type=pathlib.Path)
args = options.parse_args()
if args.arcs:
    routingkit(args.arcs)
    sys.exit()
work.mkdir(exist_ok=True)
binary = env / "roads"
subprocess.run(["go", "build", "-trimpath", "-o", binary, "./bench/roads"], cwd=here.parent.parent, check=True, env=ONE)
print("osrm-bindings %s, routingkit-cch %s, one thread each, best of %d rounds" % (
    next(env.glob("osrm_bindings-*.whl")).name.split("-")[1], importlib.metadata.version("routingkit-cch"), args.rounds))
for side in filter(None, args.side.split(",")):
    file = work / ("grid%s.osm.pbf" % side)
    subprocess.run([binary, "generate", side, file], check=True, stdout=subprocess.DEVNULL)
    args.files.append(file)
for file in args.files:
    if args.times:
        times(file)
    else:
        compare(file)
