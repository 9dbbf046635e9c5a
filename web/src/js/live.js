// Values that change while a page is open: an element with data-live="KEY" takes the newest text of
// KEY, fades it in and says "zojuist" beside it for a minute.

const said = new WeakMap(); // element -> the timer that takes "zojuist" away

// listen opens one stream for all live elements under root, and calls onData(key, data) for what scripts use.
// prefix asks for every key that begins so, such as a map's.
export function listen(root, { prefix, onData } = {}) {
  const elements = [...root.querySelectorAll("[data-live]")];
  if (!prefix && elements.length === 0) return null;
  const query = new URLSearchParams({ lang: document.documentElement.lang });
  if (prefix) query.set("prefix", prefix);
  for (const key of new Set(elements.map((e) => e.dataset.live))) query.append("key", key);
  const stream = new EventSource(`/live?${query}`);
  stream.onmessage = (event) => {
    const { key, text, data } = JSON.parse(event.data);
    if (text !== undefined) {
      for (const e of elements) if (e.dataset.live === key) show(e, text);
    }
    if (data && onData) onData(key, data);
  };
  addEventListener("pagehide", () => stream.close(), { once: true });
  return stream;
}

export function show(element, text) {
  if (element.textContent === text) return;
  element.textContent = text;
  element.classList.remove("live--new");
  void element.offsetWidth; // restarts the animation
  element.classList.add("live--new");
  let now = element.nextElementSibling;
  if (!now?.classList.contains("live__now")) {
    now = document.createElement("span");
    now.className = "live__now";
    element.after(now);
  }
  now.textContent = document.body.dataset.now ?? "";
  clearTimeout(said.get(element));
  said.set(element, setTimeout(() => {
    now.textContent = "";
    element.classList.remove("live--new");
  }, 60_000));
}
