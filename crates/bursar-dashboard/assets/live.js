// Keeps the part of a page that has `data-events` as the server last sent it. Without this script the
// page is whole, and is loaded again by hand. What the server sends is its own HTML, escaped there.
"use strict";
for (const place of document.querySelectorAll("[data-events]")) {
  const state = document.getElementById(place.dataset.state);
  const asLoaded = state.textContent;
  const source = new EventSource(place.dataset.events);
  const show = (html) => {
    // What is being pressed, or selected to be copied, stays where it is until the next time.
    const chosen = document.getSelection();
    const isChosen = chosen.type === "Range" && chosen.containsNode(place, true);
    if (isChosen || place.querySelector(":active")) return;
    const focused = place.contains(document.activeElement) && document.activeElement.id;
    const aside = place.querySelector(".scroll")?.scrollLeft ?? 0;
    place.innerHTML = html;
    const scroll = place.querySelector(".scroll");
    if (scroll) scroll.scrollLeft = aside;
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  };
  source.onopen = () => { state.textContent = "Kept fresh by itself."; };
  source.onmessage = (event) => show(event.data);
  source.addEventListener("away", (event) => { state.textContent = event.data; });
  source.addEventListener("back", () => { state.textContent = "Kept fresh by itself."; });
  source.onerror = () => {
    const isOver = source.readyState === EventSource.CLOSED;
    state.textContent = isOver ? "Not kept fresh any more: load the page again." : asLoaded;
  };
}
