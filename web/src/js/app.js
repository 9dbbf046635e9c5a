// What every page has: the mark that scripts run, focus on a form's errors, the demo's clock, live values.
import { listen } from "./live.js";

document.documentElement.classList.remove("no-js");
document.querySelector("[data-focus]")?.focus();

const clock = document.querySelector("[data-clock]");
if (clock && clock.dataset.rate !== "0") {
  const every = Number(clock.dataset.rate) > 10 ? 1000 : 15000;
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(clock.dataset.clock);
      if (answer.ok) clock.textContent = await answer.text();
    } catch {
      // The server is away for a moment: the clock stands still until it is back.
    }
  }, every);
}

listen(document);
