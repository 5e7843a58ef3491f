// Every link of every page: followed from the front page of `bulwark demo`, whatever a page leads to (links, forms, parts
// that follow the chain, files) answers 200 and lies on the same machine; and each page is JSON at the same path under
// /api/v1, but for acting, which has nothing to read. Knows no page by name. Arguments: the node's binary, the browser's,
// which is not needed here.

import { resolve } from "node:path";
import { demo, ensure, freePort, story } from "../clients/kit.mjs";

const [binary] = process.argv.slice(2).map((path) => resolve(path));
/** Pages of one kind, such as blocks, that are looked at. */
const OF_A_KIND = 12;
/** Kinds of pages that there are at least: with fewer the crawl has lost its way. */
const LEAST_KINDS = 20;
/** Milliseconds for all pages together, and for one. */
const MOST_MS = 120_000;
const MOST_MS_OF_ONE = 10_000;
/** What a choice of the theme is sent to: it takes no questions. */
const POSTED = "/prefs";

/** A page's kind: its path without what differs between things of a kind. */
const kind = (path) =>
  path
    .split("?")[0]
    .split("/")
    .map((part) => (/^(0x[0-9a-fA-F]+(:\d+)?|\d+)$/.test(part) ? "{}" : part))
    .join("/");

const plain = (text) => text.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** What a page leads to, as it is written there. */
const leads = (html) => [...html.matchAll(/\s(?:href|action|src|hx-get)="([^"]*)"/g)].map(([, at]) => plain(at));

const get = async (url) => {
  const answer = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(MOST_MS_OF_ONE) });
  return { status: answer.status, type: answer.headers.get("content-type") ?? "", text: await answer.text() };
};

/** Follows links until none is left, or enough of each kind are seen. Returns the pages by kind, and what is wrong. */
async function crawl(url) {
  const [waiting, seen, kinds, wrongs] = [["/"], new Set(["/"]), new Map(), []];
  while (waiting.length > 0) {
    const path = waiting.shift();
    const pages = kinds.get(kind(path)) ?? [];
    if (pages.length >= OF_A_KIND) continue;
    kinds.set(kind(path), [...pages, path]);
    const { status, type, text } = await get(url + path).catch((error) => ({ status: String(error), type: "", text: "" }));
    if (status !== 200) wrongs.push(`${path} answers ${status}: ${text.slice(0, 160)}`);
    if (!type.startsWith("text/html")) continue;
    const ids = new Set([...text.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => plain(id)));
    for (const at of leads(text)) {
      if (at.startsWith("#")) {
        if (!ids.has(at.slice(1))) wrongs.push(`${path}: nothing is at ${at}`);
        continue;
      }
      const next = new URL(at, url + path);
      if (next.origin !== url) wrongs.push(`${path} leads to ${at}`);
      const to = next.pathname + next.search;
      if (next.origin !== url || to === POSTED || seen.has(to)) continue;
      seen.add(to);
      waiting.push(to);
    }
  }
  return { kinds, wrongs };
}

await story(
  "links: every page of the demo",
  async (check) => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    await demo(binary, port);
    let kinds = new Map();
    await check("whatever a page leads to is there", async () => {
      const found = await crawl(url);
      kinds = found.kinds;
      ensure(found.wrongs.length === 0, found.wrongs.join("\n"));
      const pages = [...kinds.values()].flat().length;
      ensure(kinds.size >= LEAST_KINDS, `only ${kinds.size} kinds of pages: ${[...kinds.keys()].join(" ")}`);
      return `${pages} addresses of ${kinds.size} kinds`;
    }, MOST_MS);
    await check("each page is JSON at the same path", async () => {
      const own = ["/api/", "/act", "/assets/", "/parts/"];
      const pages = [...kinds.values()].flat().filter((path) => !own.some((start) => path.startsWith(start)));
      const wrongs = [];
      for (const path of pages) {
        const twin = `/api/v1${path === "/" ? "/overview" : path}`;
        const { status, type, text } = await get(url + twin);
        const is = status === 200 && type.startsWith("application/json") && typeof JSON.parse(text) === "object";
        if (!is) wrongs.push(`${twin} answers ${status}, ${type}: ${text.slice(0, 160)}`);
      }
      ensure(wrongs.length === 0, wrongs.join("\n"));
      return `${pages.length} pages`;
    }, MOST_MS);
  },
  null,
);
