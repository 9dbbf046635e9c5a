// The city's map: Polder's own vector tiles in two quiet styles, symbols per kind, the list of what is in view
// beside it. It loads after the text, when the reader comes near.
import { listen } from "./live.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const SHOWN = 60; // lines in the list at most

const observer = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    observer.unobserve(entry.target);
    start(entry.target).catch((err) => console.error("map", err));
  }
}, { rootMargin: "200px" });
for (const box of document.querySelectorAll("[data-map]")) observer.observe(box);

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function style(data) {
  const roadWidth = (far, near) => ["interpolate", ["exponential", 1.6], ["zoom"], 11, far, 16, near];
  const major = ["in", ["get", "class"], ["literal", ["motorway", "trunk", "primary"]]];
  const middle = ["in", ["get", "class"], ["literal", ["secondary", "tertiary", "motorway_link", "trunk_link", "primary_link"]]];
  return {
    version: 8,
    sources: {
      city: { type: "vector", tiles: [`${location.origin}/tiles/{z}/{x}/{y}.mvt`], minzoom: 8, maxzoom: 15 },
      things: { type: "geojson", data, promoteId: "id" },
    },
    layers: [
      { id: "land", type: "background", paint: { "background-color": color("map-land") } },
      { id: "built", type: "fill", source: "city", "source-layer": "built", paint: { "fill-color": color("map-built") } },
      { id: "green", type: "fill", source: "city", "source-layer": "green", paint: { "fill-color": color("map-green") } },
      { id: "water", type: "fill", source: "city", "source-layer": "water", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": color("map-water") } },
      { id: "ditches", type: "line", source: "city", "source-layer": "water", filter: ["==", ["geometry-type"], "LineString"], paint: { "line-color": color("map-water"), "line-width": roadWidth(0.5, 4) } },
      { id: "edges", type: "line", source: "city", "source-layer": "districts", paint: { "line-color": color("ditch-2"), "line-width": 1, "line-dasharray": [3, 3], "line-opacity": 0.6 } },
      { id: "streets-under", type: "line", source: "city", "source-layer": "roads", minzoom: 13, filter: ["!", ["any", major, middle]], layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": color("ditch"), "line-width": roadWidth(0.4, 6) } },
      { id: "streets", type: "line", source: "city", "source-layer": "roads", minzoom: 14, filter: ["!", ["any", major, middle]], layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": color("paper"), "line-width": roadWidth(0.1, 4.2) } },
      { id: "roads-under", type: "line", source: "city", "source-layer": "roads", filter: middle, layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": color("ditch"), "line-width": roadWidth(1.2, 10) } },
      { id: "roads", type: "line", source: "city", "source-layer": "roads", filter: middle, layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": color("paper"), "line-width": roadWidth(0.5, 7.5) } },
      { id: "main-under", type: "line", source: "city", "source-layer": "roads", filter: major, layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": color("ditch-2"), "line-width": roadWidth(2, 14) } },
      { id: "main", type: "line", source: "city", "source-layer": "roads", filter: major, layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": color("paper"), "line-width": roadWidth(1, 11) } },
      {
        id: "lines-under", type: "line", source: "things", filter: ["==", ["geometry-type"], "LineString"],
        layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": color("paper"), "line-width": 5.5 },
      },
      { // each truck its own colour; the list and the popups name it
        id: "lines", type: "line", source: "things", filter: ["==", ["geometry-type"], "LineString"],
        layout: { "line-cap": "round", "line-join": "round" },
        paint: { "line-color": ["match", ["%", ["coalesce", ["get", "route"], 0], 4], 1, color("field"), 2, color("sand"), 3, color("ramp-5"), color("water")], "line-width": 3 },
      },
      {
        id: "names", type: "symbol", source: "city", "source-layer": "districts", minzoom: 11, filter: ["==", ["geometry-type"], "Point"],
        layout: { "text-field": ["get", "name"], "text-font": ["Atkinson Hyperlegible Next"], "text-size": 13, "text-padding": 12, "text-max-width": 8 },
        paint: { "text-color": color("ink-2"), "text-halo-color": color("map-land"), "text-halo-width": 1.6 },
      },
      {
        id: "symbols", type: "symbol", source: "things", filter: ["==", ["geometry-type"], "Point"],
        layout: {
          "icon-image": ["concat", ["coalesce", ["get", "kind"], "circle"], "-", ["case",
            ["==", ["get", "state"], "act"], "act",
            ["any", ["==", ["get", "state"], "old"], ["!", ["has", "value"]], ["==", ["get", "value"], null]], "old",
            ["concat", "v", ["to-string", ["min", 5, ["+", 1, ["floor", ["*", 5, ["max", 0, ["to-number", ["get", "value"]]]]]]]]],
          ]],
          "icon-allow-overlap": true,
          "icon-size": ["interpolate", ["linear"], ["zoom"], 11, 0.42, 14, 0.8, 16, 1],
          "symbol-sort-key": ["case", ["==", ["get", "state"], "act"], 2, 1],
          "text-field": ["step", ["zoom"], "", 13, ["case", ["==", ["get", "state"], "act"], ["coalesce", ["get", "word"], ""], ""]],
          "text-font": ["Atkinson Hyperlegible Next"], "text-size": 12, "text-offset": [0, 1.1], "text-anchor": "top", "text-optional": true,
        },
        paint: { "text-color": color("brick"), "text-halo-color": color("paper"), "text-halo-width": 1.6 },
      },
    ],
  };
}

const shapes = {
  square: (c, r) => c.rect(-r * 0.88, -r * 0.88, r * 1.76, r * 1.76),
  circle: (c, r) => c.arc(0, 0, r, 0, 2 * Math.PI),
  triangle: (c, r) => polygon(c, r * 1.12, 3),
  diamond: (c, r) => polygon(c, r * 1.1, 4),
  pentagon: (c, r) => polygon(c, r * 1.08, 5),
  hexagon: (c, r) => polygon(c, r * 1.05, 6),
};

function polygon(c, r, n) {
  for (let i = 0; i < n; i++) {
    const a = (2 * Math.PI * i) / n - Math.PI / 2;
    c[i ? "lineTo" : "moveTo"](r * Math.cos(a), r * Math.sin(a));
  }
  c.closePath();
}

// addSymbols draws each shape in each colour once.
function addSymbols(map) {
  const colors = { old: color("ditch-2"), act: color("brick") };
  for (let i = 1; i <= 5; i++) colors[`v${i}`] = color(`ramp-${i}`);
  for (const [kind, draw] of Object.entries(shapes)) {
    for (const [name, fill] of Object.entries(colors)) {
      const id = `${kind}-${name}`;
      const size = 48;
      const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size });
      const c = canvas.getContext("2d");
      c.translate(size / 2, size / 2);
      c.beginPath();
      draw(c, name === "act" ? 19 : 16);
      c.fillStyle = fill;
      c.fill();
      c.lineWidth = 3;
      c.strokeStyle = dark.matches ? "#e9eee9" : "#16211d";
      c.globalAlpha = name === "old" ? 0.5 : 0.85;
      c.stroke();
      if (map.hasImage(id)) map.removeImage(id);
      map.addImage(id, c.getImageData(0, 0, size, size), { pixelRatio: 2 });
    }
  }
}

async function start(box) {
  const canvas = box.querySelector("[data-map-canvas]");
  const list = box.querySelector("[data-map-list]");
  const count = box.querySelector("[data-map-count]");
  const [{ default: maplibre_, ...named }, answer] = await Promise.all([import("./maplibre-gl.mjs"), fetch(box.dataset.src)]);
  const maplibre = maplibre_ ?? named;
  if (!answer.ok) throw new Error(`${box.dataset.src}: ${answer.status}`);
  const data = await answer.json();
  maplibre.setWorkerUrl(new URL("./maplibre-gl-worker.mjs", import.meta.url).href);
  const [west, south, east, north] = box.dataset.bounds.split(",").map(Number);
  const map = new maplibre.Map({
    container: canvas, style: style(data), bounds: [[west, south], [east, north]], fitBoundsOptions: { padding: 24 },
    minZoom: 8, maxZoom: 18, fadeDuration: still.matches ? 0 : 150, attributionControl: false,
    dragRotate: false, pitchWithRotate: false, touchPitch: false, cooperativeGestures: true,
    locale: {
      "Map.Title": box.dataset.title, "NavigationControl.ZoomIn": box.dataset.in, "NavigationControl.ZoomOut": box.dataset.out,
      "CooperativeGesturesHandler.WindowsHelpText": box.dataset.wheel, "CooperativeGesturesHandler.MacHelpText": box.dataset.wheel,
      "CooperativeGesturesHandler.MobileHelpText": box.dataset.touch,
    },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
  map.on("style.load", () => addSymbols(map));
  dark.addEventListener("change", () => map.setStyle(style(data)));
  map.once("load", () => {
    box.classList.add("map--on");
    box.dispatchEvent(new CustomEvent("map:ready", { bubbles: true, detail: map }));
  });

  // The list holds what is in view, the fullest first, as the server wrote it at the start.
  const whole = new Intl.NumberFormat(document.documentElement.lang); // 1.500 in Dutch, as the rest of the page writes it
  const byId = new Map(data.features.map((f) => [String(f.properties.id), f]));
  const rank = (f) => (f.properties.state === "act" ? 10 : 0) + (f.properties.value ?? -1);
  function inView() {
    const b = map.getBounds();
    return data.features.filter((f) => f.geometry.type === "Point" && b.contains(f.geometry.coordinates)).sort((x, y) => rank(y) - rank(x));
  }
  function line(f) {
    const p = f.properties;
    const li = document.createElement("li");
    li.dataset.id = p.id;
    const sym = document.createElement("span");
    const value = p.state === "act" ? "act" : p.value === null || p.value === undefined || p.state === "old" ? "old" : `v${Math.min(5, 1 + Math.floor(5 * Math.max(0, p.value)))}`;
    sym.className = `sym sym--${p.kind ?? "circle"} sym--${value}`;
    sym.setAttribute("aria-hidden", "true");
    const a = document.createElement("a");
    a.href = p.path;
    a.textContent = p.name;
    const words = document.createElement("span");
    words.className = "map__text";
    words.textContent = p.text ?? "";
    li.append(sym, a, " ", words);
    return li;
  }
  function fillList() {
    const view = inView();
    if (list && !list.contains(document.activeElement)) list.replaceChildren(...view.slice(0, SHOWN).map(line));
    if (count) count.textContent = count.dataset.text.replace("{shown}", whole.format(view.length)).replace("{total}", whole.format(data.features.filter((f) => f.geometry.type === "Point").length));
  }
  map.on("moveend", fillList);
  map.once("idle", fillList);

  // A symbol under the pointer shows its name; a click opens its page; Enter on the map goes to the first line of the list.
  const popup = new maplibre.Popup({ closeButton: false, offset: 8 });
  const show = (f) => popup.setLngLat(f.geometry.coordinates).setText(`${f.properties.name} · ${f.properties.text ?? ""}`).addTo(map);
  map.on("mousemove", "symbols", (e) => {
    map.getCanvas().style.cursor = "pointer";
    show(byId.get(String(e.features[0].properties.id)));
  });
  map.on("mouseleave", "symbols", () => {
    map.getCanvas().style.cursor = "";
    popup.remove();
  });
  map.on("click", "symbols", (e) => {
    const { path } = e.features[0].properties;
    if (path) location.href = path;
  });
  map.getCanvas().addEventListener("keydown", (e) => {
    if (e.key === "Enter") list?.querySelector("a")?.focus();
  });
  list?.addEventListener("focusin", (e) => {
    const f = byId.get(e.target.closest("li")?.dataset.id);
    if (f) show(f);
  });
  list?.addEventListener("pointerover", (e) => {
    const f = byId.get(e.target.closest("li")?.dataset.id);
    if (f) show(f);
  });

  // New values: the symbol changes its colour and the line its words.
  if (box.dataset.prefix) {
    let waiting = false;
    listen(box, {
      prefix: box.dataset.prefix,
      onData(key, value) {
        const f = byId.get(key.slice(box.dataset.prefix.length));
        if (!f) return;
        Object.assign(f.properties, value);
        if (waiting) return;
        waiting = true;
        setTimeout(() => {
          waiting = false;
          map.getSource("things")?.setData(data);
          fillList();
        }, 500);
      },
    });
  }
}
