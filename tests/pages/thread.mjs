// One problem in a Slack channel, as a picture; see thread.sh.
//
//   node thread.mjs PAGES RENDERER PROGRAM FILE.png
//
// Exits 1 when the problem did not go all its way.

import { execFileSync, execFile } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const [pages, renderer, program, out] = process.argv.slice(2);
const { chromium } = createRequire(path.join(pages, "x.js"))("playwright-core");
const need = createRequire(path.join(renderer, "x.js"));
const React = need("react");
const { renderToStaticMarkup } = need("react-dom/server");
const { Message } = await import(path.join(renderer, "node_modules/slack-blocks-to-jsx/dist/index.mjs"));

// A stand-in for Slack: what was posted, with every form that each message took.
const posted = [];
const methods = {
  "auth.test": () => ({ team_id: "T0DEMO" }),
  "chat.postMessage": (body) => {
    const ts = `1762070400.${String(posted.length).padStart(6, "0")}`;
    posted.push({ ts, thread: body.thread_ts, text: body.text, forms: [body.blocks] });
    return { ts, channel: body.channel };
  },
  "chat.update": (body) => {
    posted.find((message) => message.ts === body.ts).forms.push(body.blocks);
    return { ts: body.ts };
  },
  "conversations.history": () => ({ messages: [] }),
  "conversations.replies": () => ({ messages: [] }),
};
const slack = http.createServer((request, response) => {
  let text = "";
  request.on("data", (part) => { text += part; });
  request.on("end", () => {
    const method = methods[request.url.split("?")[0].split("/").pop()];
    const answer = method ? { ok: true, ...method(text.startsWith("{") ? JSON.parse(text) : {}) } : { ok: false, error: "unknown_method" };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answer));
  });
});
await new Promise((done) => slack.listen(0, "127.0.0.1", done));

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "demo-"));
process.on("exit", () => fs.rmSync(folder, { recursive: true, force: true }));
const world = path.join(folder, "world");
const write = (name, text) => fs.writeFileSync(path.join(world, name), text, { mode: 0o600 });
const run = promisify(execFile);
const env = { PATH: process.env.PATH, LC_ALL: "C.UTF-8", TMPDIR: folder, USER: "erin" };
// Waits without holding up the stand-in.
async function sim(args, fine = [0], more = {}) {
  const ran = await run(program, ["--world", world, ...args], { env: { ...env, ...more }, maxBuffer: 1 << 26 }).catch((error) => error);
  if (!fine.includes(ran.code ?? 0)) throw new Error(`${args.join(" ")}: ${ran.code}\n${ran.stdout}\n${ran.stderr}`);
  return ran.stdout;
}

execFileSync(program, ["demo", "--keep", world], { env, stdio: "ignore" });
const golden = await sim(["golden", "export"]);
write("bot", "xoxb-demo");
write("signing", "0123456789abcdef0123456789abcdef");
write("golden.json", golden);
// A state of its own: nobody was told of anything yet.
write("cattleguard.toml", `mode = "replace"

[state]
url = "sqlite:thread.db"

[[account]]
id = "000000000000"
regions = ["eu-west-1"]

[[fleet]]
name = "web"
select = { tags = { app = "web" } }
golden = "web"
enforcement = "replace"
budget = { count = 1, percent = 10 }
windows = [{ from = "00:00", to = "24:00" }]
retain = "1h"

[[notify]]
name = "channel"
kind = "slack"
token = { file = "bot" }
channel = "C0DEMO"
api = "http://127.0.0.1:${slack.address().port}/api"
allow_private = true
interactive = "endpoint"
signing_secret = { file = "signing" }
people = [{ user = "U0ERIN", author = "erin", may = ["acknowledge", "approve", "pause"] }]
`);
await sim(["golden", "import", path.join(world, "golden.json")]);
await sim(["golden", "promote", "web@1"]);
await sim(["scan"], [1, 3]);
const { findings } = JSON.parse(await sim(["-o", "json", "findings", "list"]));
const found = findings.find((finding) => finding.code === "event-interactive-session");
await sim(["findings", "ack", found.id]);
await sim(["scan"], [1, 3]);
await sim(["replace", found.instance]);
await sim(["world", "wait", "2h"]);
await sim(["scan", "--enforce"], [0, 1, 3, 4]);
await sim(["world", "wait", "30m"]);
await sim(["scan"], [0, 1, 3]);
slack.close();

const root = posted.find((message) => !message.thread && message.text.includes(found.code));
const replies = posted.filter((message) => message.thread === root.ts);
if (process.env.CATTLEGUARD_THREAD_JSON) fs.writeFileSync(process.env.CATTLEGUARD_THREAD_JSON, JSON.stringify({ root, replies }, null, 1));
const state = (blocks) => blocks.flatMap((block) => block.fields ?? []).map((field) => field.text).find((text) => text.startsWith("*State*"))?.split("\n")[1];
const states = root.forms.map(state);
console.error(`states: ${states.join(", ")}; ${replies.length} replies`);
if (states[0] !== "New" || states.at(-1) !== "Resolved" || replies.length < 3) {
  console.error("the problem did not go from new to resolved");
  process.exit(1);
}

const icon = "data:image/svg+xml," + encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36"><rect width="36" height="36" rx="6" fill="#1f4d3a"/><path d="M6 12h24M6 18h24M6 24h24M12 8v20M24 8v20" stroke="#fff" stroke-width="2.4" stroke-linecap="round"/></svg>`);
// Two things that the renderer takes otherwise than Slack: `verbatim` means no formatting at all to it, where Slack only
// keeps names and addresses from becoming links; and `:12:` in a time is an emoji to it, and gone.
const COLON = "\ue000";
const plain = (text) => text.replace(/(\d\d):(\d\d):(\d\d)/g, `$1${COLON}$2${COLON}$3`);
const formatted = (value) => JSON.parse(JSON.stringify(value, (key, inner) => (key === "verbatim" ? undefined : typeof inner === "string" ? plain(inner) : inner)));
const draw = (blocks) => renderToStaticMarkup(React.createElement(Message, { blocks: formatted(blocks), logo: icon, name: "cattleguard", time: new Date(0), theme: "light" })).replaceAll(COLON, ":");
// The font of Slack.
const font = (weight) => fs.readFileSync(path.join(renderer, `node_modules/@fontsource/lato/files/lato-latin-${weight}-normal.woff2`)).toString("base64");
const chain = states.filter((word, at) => word !== states[at - 1]).join(" → ");
const html = `<!doctype html><meta charset="utf-8"><style>${fs.readFileSync(path.join(renderer, "node_modules/slack-blocks-to-jsx/dist/style.css"), "utf8")}
${[400, 700, 900].map((weight) => `@font-face { font-family: Lato; font-weight: ${weight}; src: url(data:font/woff2;base64,${font(weight)}) }`).join("")}
body, #slack_blocks_to_jsx :not(code, code *) { font-family: Lato, sans-serif !important }
body { margin: 0; background: #fff; color: #1d1c1d }
main { columns: 2; column-gap: 32px; column-rule: 1px solid #ddd; padding: 16px; width: 1160px; overflow-wrap: anywhere }
main > div { break-inside: avoid }
h2 { font-size: 13px; font-weight: 700; color: #616061; margin: 0 0 8px; padding-bottom: 6px; border-bottom: 1px solid #ddd }
a { color: inherit !important; font-weight: inherit !important; pointer-events: none }
/* The time of drawing says nothing. */
.slack_blocks_to_jsx--header > div { white-space: nowrap }
.slack_blocks_to_jsx--header > div:last-child { visibility: hidden }
#slack_blocks_to_jsx .flex-col, #slack_blocks_to_jsx .grow { min-width: 0 }
#slack_blocks_to_jsx code { white-space: normal !important; max-width: 100%; word-break: break-word }
#slack_blocks_to_jsx { margin-bottom: 14px }
</style><main><div><h2>The message as it was posted. It was edited since: ${chain}</h2>${draw(root.forms[0])}</div>
${replies.map((reply, at) => `<div>${at ? "" : `<h2>Its thread: ${replies.length} replies</h2>`}${draw(reply.forms.at(-1))}</div>`).join("")}</main>`;
if (process.env.CATTLEGUARD_THREAD_HTML) fs.writeFileSync(process.env.CATTLEGUARD_THREAD_HTML, html);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-lcd-text"] });
const page = await browser.newPage({ viewport: { width: 1192, height: 900 }, deviceScaleFactor: 1.65 });
await page.setContent(html);
await page.evaluate(() => document.fonts.ready);
const picture = await (await page.$("main")).screenshot();
await browser.close();
// Text on white needs few colours.
await need("sharp")(picture).png({ palette: true, colours: 16, dither: 0, effort: 10, compressionLevel: 9 }).toFile(out);
console.error(`${out}: ${fs.statSync(out).size} bytes`);
