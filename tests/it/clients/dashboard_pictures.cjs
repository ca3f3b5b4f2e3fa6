// Photographs every page of the dashboard, and one of each kind below them, at three widths, in light
// and dark, into a folder. What looks wrong is for people to say.
"use strict";
const path = require("node:path");
const { told, start, comeIn, pagesOf, below } = require("./browser.cjs");

// A phone, a desk, a wide screen.
const WIDTHS = [390, 1280, 1920];
// What is further down is more of the same.
const HEIGHT_MAX = 1000;
const { executablePath, url, folder, prefix, ranges, ...who } = told();

/** `overview`, `calls-one`, `overview-24h`. */
function nameOf(where) {
  const { pathname, searchParams } = new URL(where, url);
  const parts = pathname.split("/").slice(1).map((part, place) => (place === 1 ? "one" : part));
  const name = parts.filter(Boolean).join("-") || "overview";
  return searchParams.has("range") ? `${name}-${searchParams.get("range")}` : name;
}

async function everyPage(page) {
  const all = [];
  const known = new Set();
  for (const where of await pagesOf(page)) {
    all.push(where);
    await page.goto(url + where);
    for (const [kind, one] of await below(page, url, known)) {
      known.add(kind);
      all.push(one);
    }
  }
  return all.concat(ranges.map((range) => `/?range=${range}`));
}

async function photograph(page, where, width, colorScheme) {
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize({ width, height: 800 });
  await page.goto(url + where);
  if (await page.locator("[data-events]").count()) await page.getByText("Kept fresh by itself.").waitFor();
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  if (wide > width) console.log(`${where} is ${wide} wide at ${width}`);
  const file = path.join(folder, `${prefix}${nameOf(where)}-${width}-${colorScheme}.png`);
  const clip = { x: 0, y: 0, width, height: Math.min(height, HEIGHT_MAX) };
  await page.screenshot({ path: file, fullPage: true, clip });
}

(async () => {
  const browser = await start(executablePath);
  const page = await browser.newPage();
  await comeIn(page, { url, ...who });
  const all = await everyPage(page);
  for (const width of WIDTHS) {
    for (const colorScheme of ["light", "dark"]) {
      for (const where of all) await photograph(page, where, width, colorScheme);
    }
  }
  await browser.close();
  console.log(`${all.length} pages at ${WIDTHS.length} widths, in light and dark`);
})();
