"use strict";
(() => {
  const holder = document.getElementById("data");
  if (!holder) {
    // The log-in page: the printed link carries the token behind the #, which browsers do not send.
    const input = document.getElementById("token"), given = /^#token=([0-9a-f]+)$/.exec(location.hash);
    if (input && given) { input.value = given[1]; history.replaceState(null, "", location.pathname); }
    return;
  }
  const D = JSON.parse(holder.textContent);
  const S = D.s, PAGE = 100;
  const SEV = ["info", "low", "medium", "high", "critical"];
  const STATUS = ["open", "acknowledged", "waived", "resolved"];
  const VERDICT = ["clean", "drifted", "unjudged"];
  const byId = new Map(D.i.map((row, n) => [row[0], n]));
  const findingById = new Map(D.f.map((row) => [row[0], row]));
  const findingsOf = new Map();
  for (const f of D.f) { const k = typeof f[2] === "number" ? D.i[f[2]][0] : f[2]; (findingsOf.get(k) || findingsOf.set(k, []).get(k)).push(f); }

  // Text only ever becomes text: nothing here parses markup.
  const el = (tag, props, ...kids) => {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(props || {})) {
      if (key === "class") node.className = value;
      else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (value !== undefined) node.setAttribute(key, value);
    }
    for (const kid of kids) if (kid !== undefined && kid !== "") node.append(kid);
    return node;
  };
  const when = (s) => new Date(s * 1000).toISOString().slice(0, 16).replace("T", " ") + "Z";
  const ago = (s) => {
    const m = Math.max(0, Math.floor((D.now - s) / 60));
    return m < 120 ? m + " min" : m < 2880 ? Math.floor(m / 60) + " h" : Math.floor(m / 1440) + " days";
  };
  const serverOf = (x) => (typeof x === "number" ? D.i[x][0] : x);
  const fleetOf = (x) => (typeof x === "number" ? S[D.i[x][2]] : "");
  const placeOf = (x) => (typeof x === "number" ? S[D.i[x][1]] : "");
  const uniq = (list) => [...new Set(list)].filter((x) => x !== "").sort();
  const link = (id) => el("a", { href: "#" + id }, el("code", {}, id));
  const chip = (kind, word) => el("i", { class: kind + " " + word }, word);

  function list(mount, spec) {
    const state = { page: 0, sort: spec.sort, down: true, text: "" };
    for (const s of spec.selects) state[s.key] = s.value || "";
    const controls = {};
    const tools = el("form", { class: "tools", role: "search", "aria-label": spec.what, onsubmit: (e) => e.preventDefault() });
    const input = el("input", { type: "search", autocomplete: "off", spellcheck: "false", placeholder: spec.placeholder });
    let timer;
    input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => set("text", input.value.trim().toLowerCase()), 120); });
    tools.append(el("label", { class: "wide" }, "Search", input));
    for (const s of spec.selects) {
      const box = el("select", { onchange: () => set(s.key, box.value) }, el("option", { value: "" }, s.all));
      for (const o of s.options) box.append(el("option", { value: o }, o));
      box.value = state[s.key];
      controls[s.key] = box;
      tools.append(el("label", {}, s.label, box));
    }
    tools.append(el("button", { type: "button", onclick: () => reset() }, "Reset"));
    const head = el("tr");
    const body = el("tbody");
    const count = el("span", { role: "status", "aria-live": "polite" });
    const prev = el("button", { type: "button", onclick: () => turn(-1) }, "Previous");
    const next = el("button", { type: "button", onclick: () => turn(1) }, "Next");
    spec.columns.forEach((c, n) => {
      const th = el("th", { scope: "col", class: c.n ? "n" : "" });
      th.append(c.key ? el("button", { type: "button", onclick: () => { state.down = state.sort === n ? !state.down : true; state.sort = n; state.page = 0; draw(); } }, c.name) : c.name);
      head.append(th);
    });
    mount.append(tools, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": spec.what }, el("table", { class: "list" }, el("thead", {}, head), body)), el("div", { class: "pager" }, prev, count, next));
    let shown = [];
    function set(key, value) { state[key] = value; state.page = 0; draw(); }
    function reset() {
      input.value = ""; state.text = "";
      for (const s of spec.selects) { state[s.key] = s.value || ""; controls[s.key].value = state[s.key]; }
      state.page = 0; draw();
    }
    function turn(by) { state.page += by; draw(); mount.scrollIntoView({ block: "start" }); }
    function draw() {
      const words = state.text.split(/\s+/).filter(Boolean);
      shown = spec.rows.filter((row) => spec.selects.every((s) => state[s.key] === "" || s.of(row) === state[s.key]) && (words.length === 0 || hit(spec.text(row), words)));
      const column = spec.columns[state.sort];
      if (column) {
        const keyed = shown.map((row, n) => [column.key(row), n, row]);
        keyed.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0) * (state.down ? -1 : 1) || a[1] - b[1]);
        shown = keyed.map((k) => k[2]);
      }
      const from = state.page * PAGE, to = Math.min(from + PAGE, shown.length);
      body.replaceChildren(...shown.slice(from, to).map((row) => el("tr", {}, ...spec.columns.map((c) => el("td", { class: c.n ? "n" : c.nb ? "nb" : "" }, ...[].concat(c.cell(row)))))));
      if (shown.length === 0) body.append(el("tr", {}, el("td", { colspan: String(spec.columns.length), class: "empty" }, "Nothing matches.")));
      count.textContent = shown.length === 0 ? "0 of " + spec.rows.length : from + 1 + "–" + to + " of " + shown.length + (shown.length < spec.rows.length ? " (all: " + spec.rows.length + ")" : "");
      prev.disabled = state.page === 0; next.disabled = to >= shown.length;
      [...head.children].forEach((th, n) => th.setAttribute("aria-sort", n === state.sort ? (state.down ? "descending" : "ascending") : "none"));
    }
    draw();
    return { show(filters) { reset(); for (const [key, value] of Object.entries(filters)) { if (controls[key] && [...controls[key].options].some((o) => o.value === value)) { state[key] = value; controls[key].value = value; } else if (!controls[key]) { state.text = value.toLowerCase(); input.value = value; } } state.page = 0; draw(); input.focus({ preventScroll: true }); } };
  }
  const hit = (text, words) => words.every((w) => text.includes(w));

  const searchF = new Map();
  const textF = (f) => { let t = searchF.get(f); if (!t) { t = [f[0], S[f[1]], serverOf(f[2]), fleetOf(f[2]), placeOf(f[2]), S[f[5]], S[f[7]], ...f[11].map((a) => S[a[0]])].join(" ").toLowerCase(); searchF.set(f, t); } return t; };
  const textI = (r) => (r[0] + " " + S[r[1]] + " " + S[r[2]] + " " + S[r[3]] + " " + S[r[5]] + " " + S[r[9]]).toLowerCase();

  const findings = list(document.getElementById("findings-list"), {
    what: "Findings", placeholder: "code, server, person, words", rows: D.f, text: textF, sort: 0,
    selects: [
      { key: "status", label: "Status", all: "any", options: STATUS, of: (f) => STATUS[f[4]], value: D.f.some((f) => f[4] === 0) ? "open" : "" },
      { key: "severity", label: "Severity", all: "any", options: [...SEV].reverse(), of: (f) => SEV[f[3]] },
      { key: "fleet", label: "Fleet", all: "any", options: uniq(D.f.map((f) => fleetOf(f[2]))), of: (f) => fleetOf(f[2]) },
      { key: "code", label: "Code", all: "any", options: uniq(D.f.map((f) => S[f[1]])), of: (f) => S[f[1]] },
    ],
    columns: [
      { name: "Severity", key: (f) => f[3], cell: (f) => chip("sev", SEV[f[3]]) },
      { name: "What", key: (f) => S[f[1]], cell: (f) => [el("a", { href: "#" + f[0] }, el("code", {}, S[f[1]])), el("span", { class: "sub" }, S[f[5]])] },
      { name: "Server", key: (f) => serverOf(f[2]), cell: (f) => link(serverOf(f[2])) },
      { name: "Fleet", key: (f) => fleetOf(f[2]), cell: (f) => fleetOf(f[2]) },
      { name: "Who", key: (f) => (f[11][0] ? S[f[11][0][0]] : ""), cell: (f) => (f[11][0] ? S[f[11][0][0]] : el("span", { class: "dim" }, "unexplained")) },
      { name: "For", nb: true, key: (f) => -f[8], cell: (f) => ago(f[8]) },
      { name: "Status", key: (f) => -f[4], cell: (f) => chip("st", STATUS[f[4]]) },
    ],
  });
  const servers = list(document.getElementById("servers-list"), {
    what: "Servers", placeholder: "id, name, image, golden", rows: D.i, text: textI, sort: 1,
    selects: [
      { key: "verdict", label: "Verdict", all: "any", options: VERDICT, of: (r) => VERDICT[r[4]] },
      { key: "fleet", label: "Fleet", all: "any", options: uniq(D.i.map((r) => S[r[2]])), of: (r) => S[r[2]] },
      { key: "place", label: "Place", all: "any", options: uniq(D.i.map((r) => S[r[1]])), of: (r) => S[r[1]] },
    ],
    columns: [
      { name: "Server", key: (r) => r[0], cell: (r) => [link(r[0]), el("span", { class: "sub" }, S[r[5]])] },
      { name: "Verdict", key: (r) => [0, 2, 1][r[4]] * 1000 + (findingsOf.get(r[0]) || []).length, cell: (r) => chip("st", VERDICT[r[4]]) },
      { name: "Findings", n: true, key: (r) => open(r[0]), cell: (r) => open(r[0]) || "" },
      { name: "Fleet", key: (r) => S[r[2]], cell: (r) => S[r[2]] },
      { name: "Place", key: (r) => S[r[1]], cell: (r) => S[r[1]] },
      { name: "Golden", key: (r) => S[r[3]], cell: (r) => S[r[3]] || el("span", { class: "dim" }, "not recorded") },
      { name: "Age", nb: true, key: (r) => -r[7], cell: (r) => ago(r[7]) },
      { name: "Decision", key: (r) => S[r[6]], cell: (r) => S[r[6]] },
    ],
  });
  function open(id) { return (findingsOf.get(id) || []).filter((f) => f[4] < 2).length; }

  const dialog = document.getElementById("detail");
  let opener = null;
  const frame = (title, ...body) => {
    dialog.replaceChildren(el("div", { class: "dhead" }, el("h2", { id: "detail-title", tabindex: "-1" }, title), el("button", { type: "button", onclick: () => dialog.close() }, "Close")), el("div", { class: "dbody" }, ...body));
    if (!dialog.open) { opener = document.activeElement; dialog.showModal(); }
    dialog.scrollTop = 0;
    document.getElementById("detail-title").focus();
  };
  dialog.addEventListener("close", () => { if (/^#(i-|mi-|f-)/.test(location.hash)) history.replaceState(null, "", location.pathname + location.search); if (opener && opener.isConnected) opener.focus(); });
  dialog.addEventListener("click", (e) => { if (e.target === dialog) dialog.close(); });
  const facts = (pairs) => { const dl = el("dl", { class: "facts" }); for (const [k, v] of pairs) if (v !== "" && v !== undefined) dl.append(el("div", {}, el("dt", {}, k), el("dd", {}, v))); return dl; };
  const card = (f) => {
    const box = el("div", { class: "card" }, chip("sev", SEV[f[3]]), " ", el("a", { href: "#" + f[0] }, el("code", {}, S[f[1]])), " ", chip("st", STATUS[f[4]]), el("div", {}, S[f[5]]));
    if (f[6] || f[7]) box.append(el("div", { class: "change" }, el("span", { class: "dim" }, "golden: "), el("del", {}, S[f[6]] || "none"), el("span", { class: "dim" }, " → seen: "), el("ins", {}, S[f[7]] || "none")));
    for (const a of f[11]) box.append(el("div", { class: "sub" }, S[a[0]] + " · " + S[a[1]] + " · " + when(a[2]) + (a[3] ? " · from " + S[a[3]] : "") + " · " + S[a[4]] + " · event " + a[5]));
    if (f[11].length === 0) box.append(el("div", { class: "sub" }, "nobody in the trail explains it"));
    box.append(el("div", { class: "sub" }, "first seen " + when(f[8]) + ", last seen " + when(f[9]) + ", in " + f[10] + " scans"));
    return box;
  };
  function server(id) {
    const n = byId.get(id), r = n === undefined ? null : D.i[n];
    const mine = findingsOf.get(id) || [], past = [];
    if (r) past.push([r[7], "launch", "launched"]);
    for (const e of D.e) if (n !== undefined && e[1].includes(n)) past.push([e[0], "event", S[e[2]] + " " + S[e[3]] + " (" + S[e[4]] + ", " + S[e[6]] + (e[5] ? ", from " + S[e[5]] : "") + ")" + (e[7] ? ", refused with " + S[e[7]] : "")]);
    for (const f of mine) { past.push([f[8], "finding", S[f[1]] + ": " + S[f[5]]]); if (f[4] === 3) past.push([f[9], "resolved", S[f[1]] + ": last seen by this scan, resolved since"]); }
    for (const o of D.o) {
      if (serverOf(o[1]) === id) { past.push([o[6], "operation", S[o[2]] + " begun by " + S[o[4]]]); for (const s of o[7]) past.push([s[0], "operation", S[o[2]] + ": " + S[s[1]] + " " + S[s[2]]]); }
      if (S[o[5]] === id) past.push([o[6], "operation", "launched to replace " + serverOf(o[1])]);
    }
    past.sort((a, b) => b[0] - a[0]);
    const reasons = r ? r[8].map((x) => S[x]) : [];
    frame(id, r ? facts([["Verdict", chip("st", VERDICT[r[4]])], ["Name", S[r[5]]], ["Fleet", S[r[2]]], ["Place", S[r[1]]], ["Golden", S[r[3]] || "not recorded"], ["Image", S[r[9]]], ["Type", S[r[10]]], ["Launched", when(r[7])], ["Decision", S[r[6]]]]) : el("p", { class: "dim" }, "The last scan did not see this server."),
      ...reasons.map((t) => el("p", { class: "note" }, t)),
      D.live && r ? el("p", {}, el("a", { href: "/servers/" + encodeURIComponent(id) }, "Everything that is kept of it")) : "",
      el("h3", {}, "Findings (" + mine.length + ")"), ...mine.slice(0, 50).map(card), mine.length > 50 ? el("p", { class: "more" }, "and " + (mine.length - 50) + " more") : "",
      el("h3", {}, "Timeline, newest first"), el("ol", { class: "time" }, ...past.slice(0, 300).map((p) => el("li", { class: p[1] }, el("time", {}, when(p[0])), p[2]))));
  }
  function finding(f) {
    const id = serverOf(f[2]);
    frame(S[f[1]], card(f), facts([["Server", link(id)], ["Fleet", fleetOf(f[2])], ["Place", placeOf(f[2])], ["Finding", f[0]]]), D.live ? el("p", {}, el("a", { href: "/findings/" + encodeURIComponent(f[0]) }, "Acknowledge or reopen…")) : el("p", { class: "dim" }, "cattleguard findings ack " + f[0]));
  }
  function route() {
    const id = decodeURIComponent(location.hash.slice(1));
    if (findingById.has(id)) finding(findingById.get(id));
    else if (byId.has(id) || findingsOf.has(id) || /^i-[0-9a-f]+$/.test(id)) server(id);
    else if (dialog.open) dialog.close();
  }
  window.addEventListener("hashchange", route);
  document.addEventListener("click", (e) => {
    const a = e.target instanceof Element ? e.target.closest("a[data-fleet]") : null;
    if (!a) return;
    if (a.dataset.code) findings.show({ code: a.dataset.code, fleet: a.dataset.fleet });
    else servers.show({ fleet: a.dataset.fleet, place: a.dataset.place });
  });
  route();
})();
