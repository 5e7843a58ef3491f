// What a page of the node is held to, in a real browser: no error on the console, nothing asked of other machines, no
// sideways scroll, nothing that axe-core finds in either theme.

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { ensure } from "../clients/kit.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WIDTHS = [1280, 360];
const THEMES = ["light", "dark"];
/** Where to put a picture of each page and theme, if anywhere. */
const SHOTS = process.env.BULWARK_SHOTS;

/** Collects what a page does wrong by itself: errors on the console, requests to elsewhere. */
export function watch(page, origin) {
  const wrongs = [];
  page.on("console", (said) => said.type() === "error" && wrongs.push(`console: ${said.text()}`));
  page.on("pageerror", (error) => wrongs.push(`error: ${error.message}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !url.startsWith("data:")) wrongs.push(`asks ${url}`);
  });
  return wrongs;
}

/** What axe-core finds, in words. */
export async function axe(page) {
  // Evaluated by the browser's own tools: the page's policy rightly lets no script in.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map((it) => it.html.slice(0, 160)).join(" | ")}`);
}

/** Fails where a page scrolls sideways. */
export async function fits(page, width) {
  await page.setViewportSize({ width, height: 800 });
  const wide = await page.evaluate(() => {
    const most = document.documentElement.clientWidth;
    // What scrolls by itself, or is cut by something around it, does not widen the page.
    const over = [...document.querySelectorAll("body *")].filter((it) => it.getBoundingClientRect().right > most + 1);
    return { most, is: document.documentElement.scrollWidth, over: over.slice(0, 3).map((it) => it.outerHTML.slice(0, 120)) };
  });
  ensure(wide.is <= wide.most, `${width} px: the page is ${wide.is} px wide: ${wide.over.join(" | ")}`);
}

/** Looks at the page that is open: both widths, and these themes. */
export async function look(page, name, themes = THEMES) {
  for (const width of WIDTHS) {
    await fits(page, width);
    for (const colorScheme of themes) {
      await page.emulateMedia({ colorScheme });
      // Themes differ in colours only: what a width hides or moves is looked at in one.
      if (width === WIDTHS[0] || colorScheme === "light") {
        const found = await axe(page);
        ensure(found.length === 0, `${name}, ${width} px, ${colorScheme}: ${found.join("\n  ")}`);
      }
      if (SHOTS) {
        mkdirSync(SHOTS, { recursive: true });
        const file = `${name.replace(/^\//, "").replace(/[^a-z0-9]+/gi, "-") || "overview"}-${width}-${colorScheme}.png`;
        await page.screenshot({ path: `${SHOTS}/${file}`, fullPage: true });
      }
    }
  }
}
