// A browser at the dashboard: how it is started, how somebody comes in, and which pages there are.
// What is tried there stands in dashboard_walk.cjs, what is photographed in dashboard_pictures.cjs.
"use strict";
const { chromium } = require("playwright-core");

// Without these it asks hosts of its maker's for updates, at every start.
const QUIET = [
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
  "--disable-quic", "--no-first-run", "--disable-gpu",
];

/** What the environment says: where the browser is, where the dashboard, and who looks. */
function told() {
  const { BURSAR_TEST_CHROMIUM: executablePath, BURSAR_WALK: walk } = process.env;
  if (!executablePath || !walk) throw new Error("no BURSAR_TEST_CHROMIUM, or no BURSAR_WALK");
  return { executablePath, ...JSON.parse(walk) };
}

const start = (executablePath) => chromium.launch({ executablePath, args: QUIET });

/** Comes in by the link, or signs in by name and password. */
async function comeIn(page, { url, link, name, password }) {
  if (link) {
    await page.goto(link);
    await page.getByRole("button", { name: "Come in" }).click();
  } else {
    await page.goto(`${url}/login`);
    await page.locator("input[name=username]").fill(name);
    await page.locator("input[name=password]").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
  }
  await page.waitForURL(`${url}/`);
}

/** The pages that the server names, in its order. */
const pagesOf = (page) => page.locator("nav[aria-label=Pages] a")
  .evaluateAll((links) => links.map((link) => link.getAttribute("href")));

/** One page of each kind that the page which is open leads to, and that stands below another. */
async function below(page, url, known) {
  const links = await page.locator("main a[href]")
    .evaluateAll((all) => all.map((link) => new URL(link.href)).map(({ origin, pathname }) => [origin, pathname]));
  const found = new Map();
  for (const [origin, path] of links) {
    const kind = path.slice(0, path.lastIndexOf("/"));
    if (origin === url && kind && !known.has(kind) && !found.has(kind)) found.set(kind, path);
  }
  return found;
}

module.exports = { told, start, comeIn, pagesOf, below };
