// Walks the dashboard in a real browser, as one role: every page that the server names and one of each
// kind below them, in light and dark; then what that role may do. Prints what it saw, and every fault,
// as one JSON object; what goes wrong on the way is a fault, too.
"use strict";
const fs = require("node:fs");
const { told, start, comeIn, pagesOf, below } = require("./browser.cjs");

const AXE = fs.readFileSync(require.resolve("axe-core"), "utf8");
const PATIENCE_MS = 30_000;
const { executablePath, url, role, team, ...who } = told();
const faults = [];
const seen = { role, pages: [], csv: 0, cut: [], faults };
const expect = (holds, fault) => { if (!holds) faults.push(fault); };

/** Listens for what no page may do: complain, fail, or ask another host. */
function overhear(page) {
  const at = () => new URL(page.url()).pathname;
  page.setDefaultTimeout(PATIENCE_MS);
  page.on("console", (line) => expect(!["error", "warning"].includes(line.type()), `${at()} says ${line.text()}`));
  page.on("pageerror", (error) => faults.push(`${at()}: ${error.message}`));
  page.on("request", (asked) => expect(asked.url().startsWith(url), `${at()} asks ${asked.url()}`));
}

/** No serious or critical fault for who cannot see or point, in either scheme. */
async function isUsable(page, path) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    // As the browser's own tools do it: the page's policy lets no script in.
    await page.evaluate(AXE);
    const violations = await page.evaluate(async () =>
      (await globalThis.axe.run(document, { resultTypes: ["violations"] })).violations
        .filter(({ impact }) => ["serious", "critical"].includes(impact))
        .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html).join(" ")}`));
    violations.forEach((violation) => faults.push(`${path}, ${colorScheme}: ${violation}`));
  }
}

async function look(page, path, titles) {
  const answer = await page.goto(url + path);
  expect(answer.status() === 200, `${path} is ${answer.status()}`);
  expect(await page.locator("h1").count() === 1, `${path} has not one h1`);
  const title = await page.title();
  expect(title.endsWith(" · Bursar") && !titles.has(title), `${path} has no title of its own: ${title}`);
  titles.add(title);
  await isUsable(page, path);
  await sheets(page, path);
  seen.pages.push(path);
}

/** Every table is there as CSV. */
async function sheets(page, path) {
  const links = await page.locator("main a[href*='format=csv']").evaluateAll((all) => all.map((link) => link.href));
  for (const link of links) {
    const answer = await page.request.get(link);
    const kind = answer.headers()["content-type"] ?? "";
    expect(answer.status() === 200 && kind.startsWith("text/csv"), `${path}: ${link} is ${answer.status()} ${kind}`);
    expect((await answer.text()).includes("\r\n"), `${path}: ${link} is empty`);
    seen.csv += 1;
  }
}

/** Every page of this role, and one of each kind below them. */
async function walk(page) {
  const pages = await pagesOf(page);
  const [titles, known] = [new Set(), new Set()];
  for (const path of pages) {
    await look(page, path, titles);
    for (const [kind, one] of await below(page, url, known)) {
      known.add(kind);
      await look(page, one, titles);
    }
  }
}

/** Chooses a range, and goes from a figure to the calls behind it, and to one of them. */
async function drills(page) {
  await page.goto(`${url}/spend`);
  await page.getByRole("link", { name: "7 days" }).click();
  await page.waitForURL(/range=7d/);
  await page.getByText("Dates and clocks").click();
  await page.locator("select[name=range]").selectOption("24h");
  await page.getByRole("button", { name: "Show" }).click();
  await page.waitForURL(/range=24h/);
  await page.goto(`${url}/?range=7d`);
  await page.locator(".tiles a[href^='/calls']").first().click();
  await page.waitForURL(/\/calls\?/);
  expect(await page.locator("h1").textContent() === "Calls", "a tile does not lead to its calls");
}

const form = (page, what) => page.locator("form").filter({ has: page.locator(`input[name=do][value=${what}]`) });

async function fill(page, what, fields) {
  await page.locator("details", { has: form(page, what) }).locator("summary").click();
  for (const [name, value] of Object.entries(fields)) await form(page, what).locator(`[name=${name}]`).fill(value);
  await form(page, what).getByRole("button").click();
}

/** Makes a team where the role may, and a key and a limit of the team. */
async function makes(page) {
  const own = role === "admin" ? "walkers" : team;
  await page.goto(`${url}/teams`);
  if (role === "admin") await fill(page, "team", { name: own });
  await fill(page, "key", { team: own, name: "walk" });
  const secrets = page.locator(".secret pre");
  expect((await secrets.first().textContent()).includes("bsr_"), "a key's secret is not shown");
  await isUsable(page, "/teams, with a secret");
  await page.goto(`${url}/teams`);
  expect(await secrets.count() === 0, "a key's secret is shown twice");
  const id = await page.locator("tr", { hasText: "walk" }).locator("td").nth(1).last().textContent();
  await page.goto(`${url}/budgets`);
  const whose = role === "admin" ? { team: own } : { team: own, user: "planner" };
  await fill(page, "set", { ...whose, window: "month", limit: "5usd" });
  await page.waitForURL(`${url}/budgets`);
  expect(await page.getByText(own).count() > 0, `no limit of ${own} is shown: ${id}`);
}

/** Follows what runs, and cuts one of it: with the script, and in a browser that runs none. */
async function cuts(page, browser) {
  await page.goto(`${url}/live`);
  await page.getByText("Kept fresh by itself.").waitFor();
  const age = page.locator("#live tbody tr").first().locator("td").nth(2);
  const before = await age.getAttribute("data-value");
  await page.waitForFunction((was) =>
    document.querySelector("#live tbody tr td:nth-child(3)")?.dataset.value !== was, before);
  const button = page.locator("button[name=cut]").first();
  const id = await button.getAttribute("value");
  await button.click();
  // The process obeys by itself: nobody loads the page again.
  await page.locator("tr", { has: page.locator(`[data-value="${id}"]`) }).getByText(/cut \(/).waitFor();
  seen.cut.push(id);
  const plain = await browser.newContext({ javaScriptEnabled: false, storageState: await page.context().storageState() });
  const still = await plain.newPage();
  overhear(still);
  await still.goto(`${url}/live`);
  expect(/^As of /.test(await still.locator("#live-state").textContent()), "without a script it says not when");
  const other = still.locator("button[name=cut]").first();
  const next = await other.getAttribute("value");
  await other.click();
  const obeyed = still.locator("tr", { has: still.locator(`[data-value="${next}"]`) }).getByText(/cut \(/);
  while (await obeyed.count() === 0) await still.getByRole("link", { name: "Load it again" }).click();
  seen.cut.push(next);
  await plain.close();
}

async function takesCsv(page) {
  await page.goto(`${url}/live`);
  const link = page.getByRole("link", { name: "as CSV" });
  const [file] = await Promise.all([page.waitForEvent("download"), link.click()]);
  const name = file.suggestedFilename();
  expect(name === "bursar-running.csv", `a table is called ${name}`);
}

/** Who only looks has nothing to press, but for the way out and what is their own. */
async function onlyLooks(page) {
  const others = (await pagesOf(page)).filter((path) => path !== "/tokens");
  for (const path of others) {
    await page.goto(url + path);
    const forms = page.locator("main form[method=post]");
    expect(await forms.count() === 0, `${path} has a form for ${role}`);
  }
}

async function signsOut(page) {
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(`${url}/login`);
  await isUsable(page, "/login");
  await page.goto(`${url}/calls`);
  expect(new URL(page.url()).pathname === "/login", "after signing out, pages open");
}

(async () => {
  const browser = await start(executablePath);
  const page = await browser.newPage();
  overhear(page);
  try {
    await comeIn(page, { url, ...who });
    await walk(page);
    await drills(page);
    await takesCsv(page);
    if (["admin", "lead"].includes(role)) {
      await makes(page);
      await cuts(page, browser);
    } else {
      await onlyLooks(page);
    }
    await signsOut(page);
  } catch (error) {
    faults.push(`at ${page.url()}: ${error.stack}`);
  }
  await browser.close();
  console.log(JSON.stringify(seen));
})();
