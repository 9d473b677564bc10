// Drives the report and `serve` in headless Chromium: what a person with a browser, a keyboard and any screen meets.
//
//   node pages.mjs MODULES '{"report":FILE,"large":FILE,"serve":URL,"token":TOKEN,"shots":FOLDER?}'
//
// Exits 1 with everything that is wrong.

import { createRequire } from "node:module";
import path from "node:path";

const [modules, given] = process.argv.slice(2);
const { chromium } = createRequire(path.join(modules, "x.js"))("playwright-core");
const { report, large, serve, token, shots } = JSON.parse(given);
const WIDTHS = [360, 768, 1280, 1920];
const SCHEMES = ["light", "dark"];
const problems = [];
// Whatever hangs, hangs for a reason; nobody waits for it for ever.
setTimeout(() => { console.error([...problems, "not done after four minutes"].join("\n")); process.exit(1); }, 240_000).unref();
const check = (what, holds, more = "") => { if (!holds) problems.push(what + (more === "" ? "" : ": " + more)); };

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});

// A page that tells of everything it may not do.
async function open(url, { width = 1280, height = 900, scheme = "light", allow = () => false } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  const name = `${path.basename(url).slice(0, 40)} ${width} ${scheme}`;
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) problems.push(`${name}: console: ${message.text()}`); });
  page.on("pageerror", (error) => problems.push(`${name}: ${error.message}`));
  page.on("request", (request) => { if (!allow(request.url()) && request.url() !== url.split("#")[0] && !request.url().startsWith("data:")) problems.push(`${name}: asked for ${request.url()}`); });
  await page.goto(url);
  return page;
}

// Contrast of every text with what is behind it (WCAG 2.2, 1.4.3): 4.5, or 3 for large text.
const contrast = () => {
  const rgb = (text) => { const m = text.match(/[\d.]+/g).map(Number); return { c: m.slice(0, 3), a: m[3] ?? 1 }; };
  const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (node) => { for (; node; node = node.parentElement) { const { c, a } = rgb(getComputedStyle(node).backgroundColor); if (a === 1) return c; } return [255, 255, 255]; };
  const low = new Map();
  for (const node of document.querySelectorAll("body *")) {
    if (!(node instanceof HTMLElement) || ![...node.childNodes].some((kid) => kid.nodeType === 3 && kid.data.trim())) continue;
    const style = getComputedStyle(node), box = node.getBoundingClientRect();
    if (box.width < 2 || style.visibility !== "visible" || node.closest("script,style,noscript,:disabled,.skip,.vh")) continue;
    const [a, b] = [light(rgb(style.color).c), light(behind(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05), size = parseFloat(style.fontSize);
    if (ratio < (size >= 24 || (size >= 18.66 && +style.fontWeight >= 700) ? 3 : 4.5)) low.set(`${node.tagName}.${node.className} ${ratio.toFixed(2)}`, node.textContent.slice(0, 30));
  }
  return [...low].map((pair) => pair.join(" "));
};

// Names of controls, headings in order, one of each id.
const structure = () => {
  const wrong = [];
  for (const node of document.querySelectorAll("input:not([type=hidden]),select,button,a[href],textarea")) {
    const label = node.getAttribute("aria-label") || (node.labels && [...node.labels].map((l) => l.textContent).join("")) || node.textContent;
    if (!label || !label.trim()) wrong.push("without a name: " + node.outerHTML.slice(0, 80));
  }
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push("twice: " + id);
  for (const table of document.querySelectorAll("table")) if (!table.querySelector("th[scope]")) wrong.push("a table without headers");
  if (!document.documentElement.lang) wrong.push("no language");
  return wrong;
};

async function everyScreen(url) {
  for (const scheme of SCHEMES) for (const width of WIDTHS) {
    const page = await open(url, { width, scheme });
    const name = `${path.basename(url)} ${width} ${scheme}`;
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    check(`${name} is wider than the screen`, wide <= width, String(wide));
    for (const low of await page.evaluate(contrast)) check(`${name}: contrast`, false, low);
    for (const wrong of await page.evaluate(structure)) check(name, false, wrong);
    if (shots && (width === 1280 || width === 360)) await page.screenshot({ path: path.join(shots, `report-${width}-${scheme}.png`) });
    await page.context().close();
  }
}

// Asked again and again from here: what waits inside the page needs `eval`, which its policy forbids.
async function until(page, what, holds) {
  for (let turn = 0; turn < 200; turn++) {
    if (await page.evaluate(holds)) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  problems.push(what);
}

const focused = (page) => page.evaluate(() => { const node = document.activeElement; return node.getAttribute("data-code") ?? (node.id || node.textContent.slice(0, 60)); });

async function byKeyboard(url) {
  const page = await open(url);
  await page.keyboard.press("Tab");
  check("the first stop is not the skip link", (await focused(page)).startsWith("Skip"));
  await page.keyboard.press("Enter");
  check("the skip link leads elsewhere", (await focused(page)) === "attention");
  let code = null;
  for (let stop = 0; stop < 6 && !code; stop++) { await page.keyboard.press("Tab"); code = await page.evaluate(() => document.activeElement.dataset.code ?? null); }
  check("no kind of finding is reached by Tab", code !== null);
  await page.keyboard.press("Enter");
  const listed = await page.$$eval("#findings-list tbody code", (nodes) => nodes.map((node) => node.textContent));
  check("a kind does not filter the list", listed.length > 0 && listed.includes(code), listed.join(" "));
  check("the search has no focus", await page.evaluate(() => document.activeElement.type === "search"));
  await page.keyboard.type("no such thing");
  await until(page, "a search changes nothing", () => document.querySelector("#findings-list [role=status]").textContent.startsWith("0 of"));
  await page.locator("#findings-list button", { hasText: "Reset" }).press("Enter");
  const link = page.locator("#findings-list tbody a[href^='#f-']").first();
  await link.press("Enter");
  await page.waitForSelector("dialog[open]");
  check("the focus is not in the dialog", await page.evaluate(() => document.querySelector("dialog").contains(document.activeElement)));
  for (const low of await page.evaluate(contrast)) check("dialog: contrast", false, low);
  await page.keyboard.press("Escape");
  check("Escape does not close it", (await page.$("dialog[open]")) === null);
  check("the focus does not come back", await link.evaluate((node) => node === document.activeElement));
  const server = await page.locator("#servers-list tbody a").first().getAttribute("href");
  await page.locator("#servers-list th button").nth(1).press("Enter");
  check("sorting is not told", (await page.locator("#servers-list th").nth(1).getAttribute("aria-sort")) !== "none");
  await page.context().close();
  const deep = await open(url + server);
  check("a link to a server does not open it", (await deep.textContent("dialog h2")) === server.slice(1));
  check("its timeline is empty", (await deep.$$("dialog .time li")).length > 0);
  if (shots) await deep.screenshot({ path: path.join(shots, "server-1280-light.png") });
  await deep.context().close();
}

async function many(url) {
  const page = await open(url);
  const ready = await page.evaluate(() => Math.round(performance.getEntriesByType("navigation")[0].domComplete));
  const shown = await page.textContent("#servers-list [role=status]");
  check("not every server is in the page", shown.includes("of 10000"), shown);
  check("hostile text ran", await page.evaluate(() => window.pwned === undefined && !document.querySelector("img")));
  const filtered = await page.evaluate(async () => {
    const begun = performance.now(), input = document.querySelector("#servers-list input[type=search]");
    input.value = "i-00000000000001"; input.dispatchEvent(new Event("input"));
    for (let turn = 0; turn < 400 && !document.querySelector("#servers-list [role=status]").textContent.includes("all:"); turn++) await new Promise((done) => setTimeout(done, 5));
    return Math.round(performance.now() - begun);
  });
  await page.context().close();
  console.log(`10,000 servers and 5,000 findings: ready after ${ready} ms, a search after ${filtered} ms`);
}

async function live(url) {
  const page = await open(`${url}/login#token=${token}`, { allow: (one) => one.startsWith(url) });
  check("the token stays in the address", !(await page.evaluate(() => location.href)).includes("token"));
  await page.keyboard.press("Enter");
  await page.waitForSelector("#attention");
  for (const where of ["/", "/plan", "/pause", "/logout"]) {
    await page.goto(url + where);
    for (const low of await page.evaluate(contrast)) check(`${where}: contrast`, false, low);
    for (const wrong of await page.evaluate(structure)) check(where, false, wrong);
  }
  await page.goto(url + "/");
  await page.locator("#findings-list tbody a[href^='#f-']").first().click();
  await page.locator("dialog a", { hasText: "Acknowledge" }).click();
  await page.getByRole("button", { name: "Acknowledge" }).click();
  check("an acknowledgement is not told", (await page.textContent("[role=status]")).includes("is acknowledged"));
  await page.goto(url + "/pause");
  await page.getByLabel("Why").fill("looking at it");
  await page.getByRole("button", { name: "Pause" }).click();
  check("a pause is not told", (await page.textContent(".alarms")).includes("looking at it"));
  if (shots) await page.screenshot({ path: path.join(shots, "pause-1280-light.png") });
  await page.context().close();
}

await everyScreen("file://" + report);
await byKeyboard("file://" + report);
await many("file://" + large);
await live(serve);
await browser.close();
for (const problem of new Set(problems)) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);
