// The page of a truck's crew, with or without a connection. The server's list is the truth; what it does not
// know yet is applied over it, by the same rules, so that the crew goes on at once.
import { add, entries, remove, send } from "./driver-queue.js";

const AGAIN = 20_000; // ms between looks at the city: a newer plan is told within half a minute
const WARNING = 15 * 60_000; // ms before the break

let root = document.querySelector("[data-driver]");
let words = JSON.parse(root.dataset.words);
let base = list().cloneNode(true); // the list as the server wrote it
let baseUndo = find("[data-undo]").cloneNode(true); // what the server offers to take back
let shown = ""; // what the list was drawn of
let seen = clockSeen();
let state = "done"; // how the last sending ended
let sending = null;
const lang = document.documentElement.lang;

function find(selector) { return root.querySelector(selector); }
function list() { return root.querySelector("[data-stops]"); }
function say(key, values = {}) { return Object.entries(values).reduce((text, [name, value]) => text.replaceAll(`{${name}}`, value), words[key] ?? ""); }

// clockSeen is the phone's time at which the page's clock was read: a page that was kept is older than its loading.
function clockSeen() {
  const kept = JSON.parse(localStorage.getItem("driver.clock") ?? "null");
  if (kept?.now === root.dataset.now) return kept.seen;
  localStorage.setItem("driver.clock", JSON.stringify({ now: root.dataset.now, seen: Date.now() }));
  return Date.now();
}

// now is the phone's time; in a demonstration the city's own, which runs faster.
function now() {
  if (!("demo" in root.dataset)) return Date.now();
  return Number(root.dataset.now) + (Date.now() - seen) * Number(root.dataset.rate);
}

// apply lets one action that waits change the list, as collection.CrewDay.apply does.
function apply(items, a) {
  const stop = items.querySelector(`li[data-kind="empty"][data-at="${CSS.escape(a.container ?? "")}"]`);
  const last = () => {
    const unloads = items.querySelectorAll('li[data-kind="unload"]');
    const before = unloads[unloads.length - 1];
    stop?.remove();
    if (stop && before) before.before(stop);
    else if (stop) items.append(stop);
  };
  switch (a.kind) {
    case "emptied": stop?.remove(); break;
    case "failed": if (effect(a.reason) === "again") last(); else stop?.remove(); break;
    case "later": last(); break;
    case "first": if (stop) items.prepend(stop); break;
    case "seen": items.prepend(stop ?? seenStop(a.container)); break;
    case "unloaded": items.querySelector('li[data-kind="unload"]')?.remove(); break;
    case "break": items.querySelector('li[data-kind="break"]')?.remove(); break;
  }
}

const effect = (reason) => find(`[name="reason"][value="${CSS.escape(reason)}"][data-effect]`)?.dataset.effect;

// seenStop is a full container that the crew saw and the plan does not have: its place is known when the city has answered.
function seenStop(id) {
  const li = document.createElement("li");
  li.dataset.kind = "empty";
  li.dataset.at = id;
  const part = (tag, className, text) => Object.assign(document.createElement(tag), { className, textContent: text });
  const stop = document.createElement("div");
  stop.dataset.stop = "";
  stop.append(part("p", "crew__where", say("name", { id })), part("p", "crew__mark", say("seen")));
  const details = document.createElement("details");
  details.append(part("summary", "", id), stop);
  li.append(details);
  return li;
}

// show draws the list with what it does not know yet applied to it, the stop that comes next, and the line that says what was sent.
async function show() {
  const all = await entries();
  const known = new Set(root.dataset.known.split(" "));
  const ours = (a) => a.day === root.dataset.day && a.truck === root.dataset.truck;
  for (const e of all) if (e.sent && (known.has(e.action.key) || !ours(e.action))) await remove(e.n);
  const mine = all.map((e) => e.action).filter((a) => ours(a) && !known.has(a.key));
  const undone = new Set(mine.filter((a) => a.kind === "undone").map((a) => a.of));
  const held = mine.filter((a) => !undone.has(a.key));
  const drawn = [root.dataset.state, ...held.map((a) => a.key)].join(" ");
  if (shown !== drawn) { // else what the crew opened in it stays open
    shown = drawn;
    const items = base.cloneNode(true);
    for (const a of held) apply(items, a);
    for (const li of items.children) li.hidden = li === items.firstElementChild;
    list().replaceWith(items);
    showNext(items.firstElementChild);
    showUndo(held, undone);
  }
  const left = list().children.length;
  const done = Number(root.dataset.done) + held.filter((a) => ["emptied", "unloaded", "break"].includes(a.kind) || a.kind === "failed" && effect(a.reason) !== "again").length;
  find("[data-progress]").textContent = say("progress", { done, left });
  find("[data-list-none]").hidden = left > 1;
  if (mine.some((a) => a.kind === "confirmed")) find("[data-changed]")?.remove();
  const n = all.filter((e) => !e.sent).length;
  find("[data-signin]").hidden = state !== "signin";
  find("[data-sync]").textContent = state === "signin" ? say("signin", { n }) : state === "offline" ? say(n > 0 ? "offline" : "offlineNone", { n }) : n > 0 ? say("sending", { n }) : say("online");
}

function showNext(li) {
  find("[data-next]").hidden = !li;
  find("[data-finished]").hidden = Boolean(li);
  if (!li) return;
  const card = find("[data-next-stop]");
  if (card.dataset.shown === `${li.dataset.kind}/${li.dataset.at}`) return;
  card.dataset.shown = `${li.dataset.kind}/${li.dataset.at}`;
  card.replaceChildren(...[...li.querySelector("[data-stop]").childNodes].map((n) => n.cloneNode(true)));
  const geo = li.querySelector("[data-geo]")?.getAttribute("href");
  find("[data-nav]").hidden = !geo;
  if (geo) find("[data-nav] a").setAttribute("href", geo);
  for (const part of root.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== li.dataset.kind;
  for (const input of root.querySelectorAll('[data-for="empty"] input[name="container"]')) input.value = li.dataset.at;
  for (const form of root.querySelectorAll('[data-for] form, form[data-for]')) form.reset();
}

// showUndo offers to take back the last thing done, for ten minutes: it is known here only, or the server offers it.
function showUndo(held, undone) {
  const box = find("[data-undo]");
  const last = held.filter((a) => !["undone", "confirmed"].includes(a.kind)).at(-1);
  if (last) {
    const form = document.createElement("form");
    form.dataset.action = "";
    form.dataset.until = String(Date.parse(last.at) + 10 * 60_000);
    const text = say(`did.${last.kind}`, { id: last.container ?? "" });
    const line = Object.assign(document.createElement("p"), { textContent: text });
    const input = (name, value) => Object.assign(document.createElement("input"), { type: "hidden", name, value });
    const button = Object.assign(document.createElement("button"), { className: "utrecht-button", textContent: words.undo });
    button.append(Object.assign(document.createElement("span"), { className: "vh", textContent: ` ${text}` }));
    form.append(input("kind", "undone"), input("of", last.key), line, button);
    box.replaceChildren(form);
  } else {
    box.replaceChildren(...baseUndo.cloneNode(true).childNodes);
    if (undone.has(box.querySelector('[name="of"]')?.value)) box.replaceChildren();
  }
  tick();
}

// tick lets the clocks go on: the break's, and how long something can be taken back.
function tick() {
  for (const form of root.querySelectorAll("[data-until]")) form.hidden = now() > Number(form.dataset.until);
  const line = find("[data-break]");
  const at = Number(root.dataset.breakAt);
  const ends = Number(root.dataset.breakEnds);
  const left = at - now();
  const soon = at > 0 && left <= WARNING;
  if (soon) {
    const n = Math.ceil(left / 60_000);
    const text = n <= 0 ? words.now : n === 1 ? words.soonOne : words.soon.replace("2", String(n));
    if (line.textContent !== text) line.textContent = text;
    if (!line.classList.contains("crew__break--soon")) navigator.vibrate?.(300);
  } else if (ends > 0 && now() > ends && line.textContent !== "") {
    line.textContent = words.over;
  }
  line.classList.toggle("crew__break--soon", soon);
}

// take keeps what the crew did, shows the list without it, and sends it.
async function take(form, button) {
  const data = new FormData(form, button);
  const text = (name) => (data.get(name) ?? "").toString().trim();
  const kg = text("kg");
  const wrong = form.querySelector("[data-kg-wrong]");
  if (wrong) {
    const bad = kg !== "" && !(/^\d{1,5}$/.test(kg) && Number(kg) <= 30_000);
    wrong.hidden = !bad;
    wrong.textContent = bad ? words.kg : "";
    form.elements.kg.toggleAttribute("aria-invalid", bad);
    if (bad) {
      form.elements.kg.focus();
      return;
    }
  }
  const action = {
    key: crypto.randomUUID(), day: root.dataset.day, truck: root.dataset.truck, kind: text("kind"), at: new Date(now()).toISOString(),
    container: text("container") || undefined, reason: text("reason") || undefined, kg: Number(kg) || undefined, beside: text("beside") || undefined,
    of: text("of") || undefined, version: Number(text("version")) || undefined,
  };
  if (action.kind === "seen") action.container = action.container?.toUpperCase();
  try {
    await add(action);
  } catch (err) {
    console.error("driver", err); // the phone keeps nothing: as without a script
    if (button?.name) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: button.name, value: button.value }));
    form.submit();
    return;
  }
  if (action.kind === "break") root.dataset.breakAt = "0";
  for (const fold of root.querySelectorAll("[data-fold]")) fold.open = false;
  form.reset();
  await show();
  if (["emptied", "failed", "later", "unloaded", "break"].includes(action.kind)) {
    find("[data-next]").scrollIntoView({ block: "nearest" });
    find('[data-for]:not([hidden]) .crew__done, [data-for]:not([hidden]).crew__done')?.focus({ preventScroll: true });
  }
  await sync();
}

// sync sends what waits, then looks at the city's list. One at a time: order counts.
function sync() {
  sending ??= (async () => {
    state = await send(`/chauffeur/gedaan?lang=${lang}`, refuse);
    if (state === "done") await refresh();
    await show();
  })().catch((err) => console.error("driver", err)).finally(() => { sending = null; });
  return sending;
}

// refuse tells that an action will never be taken, until the crew has seen it.
function refuse(result, action) {
  const box = Object.assign(document.createElement("div"), { className: "crew__refused" });
  box.setAttribute("role", "alert");
  const text = say(`did.${action.kind}`, { id: action.container ?? "" });
  const button = Object.assign(document.createElement("button"), { className: "utrecht-button", type: "button", textContent: words.close });
  button.addEventListener("click", () => box.remove());
  box.append(Object.assign(document.createElement("p"), { textContent: say("refused", { id: text, text: result.text ?? "" }) }), button);
  find("[data-refused]").append(box);
}

// refresh takes the city's list over when it changed and the crew is not in the middle of something.
async function refresh() {
  let answer;
  try {
    answer = await fetch(root.dataset.path, { headers: { Accept: "text/html" } });
  } catch {
    state = "offline";
    return;
  }
  if (answer.headers.get("X-Polder-Kept")) {
    state = "offline";
    return;
  }
  if (!answer.ok || new URL(answer.url).pathname !== root.dataset.path) {
    state = "signin";
    return;
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-driver]");
  if (!fresh) return;
  if (fresh.dataset.state === root.dataset.state) {
    root.dataset.now = fresh.dataset.now;
    root.dataset.rate = fresh.dataset.rate;
    seen = clockSeen();
    return;
  }
  const typed = [...root.querySelectorAll("#f-kg, #f-container")].some((input) => input.value !== "" || input === document.activeElement);
  if (typed || root.contains(document.activeElement) && document.activeElement.matches("select")) return;
  const folds = root.querySelectorAll("[data-fold]");
  const opened = [...folds].map((fold) => fold.open);
  const before = find("[data-next-stop]").dataset.shown;
  const refused = [...find("[data-refused]").childNodes];
  const focused = document.activeElement?.classList.contains("crew__done");
  root.replaceWith(fresh);
  root = fresh;
  words = JSON.parse(root.dataset.words);
  find("[data-refused]").append(...refused);
  base = list().cloneNode(true);
  baseUndo = find("[data-undo]").cloneNode(true);
  seen = clockSeen();
  await show();
  if (find("[data-next-stop]").dataset.shown === before) root.querySelectorAll("[data-fold]").forEach((fold, i) => { fold.open = opened[i]; });
  if (focused) find('[data-for]:not([hidden]) .crew__done, [data-for]:not([hidden]) > .crew__done')?.focus({ preventScroll: true });
}

document.addEventListener("submit", (event) => {
  if (!root.contains(event.target)) return;
  event.preventDefault();
  take(event.target, event.submitter).catch((err) => console.error("driver", err));
});
addEventListener("online", () => sync());
addEventListener("offline", () => {
  state = "offline";
  show();
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) sync(); });
setInterval(() => { if (!document.hidden) sync(); }, AGAIN);
setInterval(tick, 1000);
await show().catch((err) => console.error("driver", err));
sync();

// The service worker keeps this page and what it is made of, so that it opens without a connection.
if (navigator.serviceWorker) {
  const { path } = root.dataset;
  try {
    await navigator.serviceWorker.register(`${path}/sw.js`, { scope: path });
    const { active } = await navigator.serviceWorker.ready;
    const made = performance.getEntriesByType("resource").map((e) => new URL(e.name)).filter((u) => u.origin === location.origin && u.pathname.startsWith("/assets/"));
    active.postMessage({ keep: [path, ...new Set(made.map((u) => u.pathname))] });
  } catch (err) {
    console.error("driver", err); // without it the page needs a connection to open; what was done is kept all the same
  }
}
