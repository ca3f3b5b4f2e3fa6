// Opens the overview again and again, each time in a profile of its own that is signed in, and prints
// after how many milliseconds the browser first showed something of it.
"use strict";
const { told, start, comeIn } = require("./browser.cjs");

const { executablePath, loads, ...who } = told();

const firstPaint = () => new Promise((resolve) => {
  const told = ({ name }) => name === "first-contentful-paint";
  new PerformanceObserver((list) => {
    const paint = list.getEntries().find(told);
    if (paint) resolve(paint.startTime);
  }).observe({ type: "paint", buffered: true });
});

(async () => {
  const browser = await start(executablePath);
  const first = await browser.newContext();
  await comeIn(await first.newPage(), who);
  const storageState = await first.storageState();
  await first.close();
  const times = [];
  for (let load = 0; load < loads; load += 1) {
    const profile = await browser.newContext({ storageState });
    const page = await profile.newPage();
    await page.goto(`${who.url}/`);
    if (await page.locator("h1").textContent() !== "Overview") throw new Error("it is not the overview");
    times.push(await page.evaluate(firstPaint));
    await profile.close();
  }
  await browser.close();
  console.log(JSON.stringify({ first_paint_ms: times }));
})();
