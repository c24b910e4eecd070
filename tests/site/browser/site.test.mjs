// The published site in Debian's Chromium, as a reader opens it: from file://, with nothing else
// to talk to. Looks at the sites that make_sites has written, and leaves screenshots beside them.
import assert from "node:assert/strict";
import { readFileSync, mkdirSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";

const folder = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const sites = path.join(folder, "sites");
const shots = path.join(folder, "screenshots");
mkdirSync(shots, { recursive: true });

const page_url = (page, site = "sample") => {
  const [file, hash] = page.split("#");
  return pathToFileURL(path.join(sites, site, file)).href + (hash === undefined ? "" : `#${hash}`);
};

// One of each kind.
const kinds = {
  matrix: "index.html",
  "matrix-filtered": "index.html#q=is:different",
  scenario: "scenario/tcp/close-wait-rst.html",
  "scenario-killed": "scenario/entry/listening/aio.html",
  "scenario-new": "scenario/vsock/loopback.html",
  predict: "predict.html",
  "predict-moves": "predict.html#moves",
  changes: "changes.html",
  kernels: "kernels.html",
  kernel: "kernel/debian-7.1.html",
  "kernel-ahead": "kernel/own-tree.html",
  "kernel-archived": "kernel/linux-4.14.67.html",
  "kernel-hostile": "kernel/debian-9.9.html",
  compare: "compare.html",
  pair: "compare/debian-6.12/debian-7.1.html",
  pictures: "pictures.html",
  "pictures-kernel": "pictures/debian-6.12.html",
  history: "history.html",
};

let browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // Tests may run as root, where Chromium has no sandbox.
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
});
after(() => browser?.close());

// A page that notices complaints and whatever leaves the folder of the site.
async function open(page_name, { site, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  const outside = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(pathToFileURL(sites).href)) outside.push(request.url());
  });
  page.on("requestfailed", (request) => complaints.push(`not there: ${request.url()}`));
  await page.goto(page_url(page_name, site));
  return { page, context, complaints, outside };
}

async function on_page(page_name, options, look) {
  const opened = await open(page_name, options);
  try {
    await look(opened.page, opened);
    assert.deepEqual(opened.complaints, []);
    assert.deepEqual(opened.outside, []);
  } finally {
    await opened.context.close();
  }
}

const shown_rows = (page) =>
  page.$$eval("#matrix tbody tr", (rows) => rows.filter((row) => row.offsetParent !== null).map((row) => row.querySelector("a").textContent));
const shown_kernels = (page) =>
  page.$$eval("#matrix .group:not([hidden]) thead", (heads) =>
    [...(heads[0]?.querySelectorAll("th") ?? [])].slice(2).filter((th) => getComputedStyle(th).display !== "none")
      .map((th) => th.querySelector("a").textContent));
const in_focus = (page) => page.evaluate(() => document.activeElement.textContent);

describe("every kind of page", () => {
  for (const [kind, file] of Object.entries(kinds))
    for (const colorScheme of ["light", "dark"])
      test(`${kind} opens without complaint, stays in its folder and is accessible, ${colorScheme}`, async () => {
        await on_page(file, { colorScheme }, async (page) => {
          const { violations } = await new AxeBuilder({ page })
            // Else it asks for the style sheet once more, which file:// forbids.
            .options({ preload: false }).analyze();
          assert.deepEqual(
            violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.html} ${node.failureSummary}`).join("\n")}`),
            []);
          await page.screenshot({ path: path.join(shots, `${kind}-${colorScheme}.png`) });
        });
      });

  for (const [kind, file] of Object.entries(kinds))
    test(`${kind} fits a telephone`, async () => {
      await on_page(file, { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }, async (page) => {
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(width <= 390, `the page is ${width} px wide`);
        await page.screenshot({ path: path.join(shots, `${kind}-phone.png`) });
      });
    });

  for (const [kind, file] of Object.entries(kinds))
    test(`${kind} can be read without a script`, async () => {
      await on_page(file, { javaScriptEnabled: false }, async (page) => {
        const text = await page.innerText("main");
        assert.ok(text.length > 100, text);
        // What only a script makes work is not offered.
        assert.equal(await page.locator("button:visible, select:visible, input:visible").count(), 0);
      });
    });
});

describe("the matrix", () => {
  test("shows every scenario and kernel, with answers and verdicts, without a script", async () => {
    await on_page("index.html", { javaScriptEnabled: false }, async (page) => {
      assert.equal((await shown_rows(page)).length, 8);
      assert.equal((await shown_kernels(page)).length, 7);
      const cell = page.locator("tr", { hasText: "close-wait-rst" }).locator("td").nth(5);
      assert.equal(await cell.textContent(), "ECONNRESET");
      assert.equal(await cell.getAttribute("class"), "unexplained");
    });
  });

  test("filters by verdict, kernel, version, family and words", async () => {
    await on_page("index.html", {}, async (page) => {
      const ask = async (query) => {
        await page.fill("#query", query);
        return { rows: await shown_rows(page), kernels: await shown_kernels(page) };
      };
      assert.deepEqual((await ask("family:tcp")).rows, ["close-wait-rst", "repair", "unheard-of"]);
      assert.deepEqual((await ask("is:new")).rows, ["loopback", "listening/io-uring-send"]);
      assert.deepEqual((await ask("is:new kernel:debian-3.16")).rows, []);
      assert.deepEqual((await ask("kernel:debian-7.*")).kernels, ["debian-7.1", "debian-7.3"]);
      assert.deepEqual((await ask("since:6.12 until:7.1")).kernels, ["debian-6.12", "debian-7.1"]);
      assert.deepEqual((await ask("ECONNRESET family:tcp")).rows, ["close-wait-rst"]);
      assert.deepEqual((await ask("is:different since:7.1 until:7.1 nowait")).rows, ["listening/pwritev2-nowait"]);
      assert.deepEqual((await ask("is:gone is:new")).rows, ["repair", "loopback", "listening/io-uring-send"]);
      assert.equal(await page.textContent("#count"), "3 of 8 scenarios, 7 of 7 kernels");
      assert.deepEqual((await ask("is:not-asked")).rows, ["loopback", "listening/io-uring-send"]);
      assert.deepEqual((await ask("is:not-asked kernel:debian-7.1")).rows, ["loopback"]);
      assert.deepEqual((await ask("is:recorded-here")).rows, ["loopback"]);
      assert.deepEqual((await ask("is:absent kernel:linux-*")).rows, ["loopback", "listening/io-uring-send"]);
      assert.deepEqual((await ask("is:ahead kernel:own-tree")).rows, ["close-wait-rst"]);
      assert.deepEqual((await ask("is:different kernel:own-tree nowait")).rows, ["listening/pwritev2-nowait", "never-connected/pwritev2-nowait"]);
      // A lost change is red though it is the reference's own answer.
      assert.deepEqual((await ask("is:unexplained kernel:debian-7.1 nowait")).rows, ["listening/pwritev2-nowait"]);
      assert.deepEqual((await ask("sockets-nowait")).rows, ["listening/pwritev2-nowait", "never-connected/pwritev2-nowait"]);
      assert.deepEqual((await ask("no such thing")).rows, []);
      assert.ok(await page.isVisible("#empty"));
      assert.ok(!(await page.isVisible("#matrix")));
      await page.click("#clear-empty");
      assert.equal((await shown_rows(page)).length, 8);
    });
  });

  test("gives every view a link that opens it again, and follows the address", async () => {
    await on_page("index.html", {}, async (page, { context }) => {
      await page.selectOption("#family", "tcp");
      await page.check("input[name=is][value=unexplained]");
      assert.equal(await page.inputValue("#query"), "family:tcp is:unexplained");
      const rows = await shown_rows(page);
      assert.deepEqual(rows, ["close-wait-rst"]);
      const again = await context.newPage();
      await again.goto(page.url());
      assert.deepEqual(await shown_rows(again), rows);
      assert.equal(await again.inputValue("#family"), "tcp");
      assert.ok(await again.isChecked("input[name=is][value=unexplained]"));
      await again.evaluate(() => { location.hash = "#q=family:entry"; });
      await again.waitForFunction(() => document.getElementById("query").value === "family:entry");
      assert.ok(!(await shown_rows(again)).includes("close-wait-rst"));
    });
  });

  test("takes a broken or hostile address for words", async () => {
    await on_page("index.html#q=%E0%A4%A", {}, async (page) => {
      assert.deepEqual(await shown_rows(page), []);
    });
    await on_page(`index.html#q=${encodeURIComponent('kernel:[*( "<img src=x onerror=alert(1)>"')}`, {}, async (page) => {
      assert.deepEqual(await shown_rows(page), []);
    });
  });

  test("is walked by the keyboard", async () => {
    await on_page("index.html", {}, async (page) => {
      await page.keyboard.press("/");
      assert.equal(await page.evaluate(() => document.activeElement.id), "query");
      await page.focus("#matrix");
      await page.keyboard.press("ArrowDown");
      assert.equal(await in_focus(page), "close-wait-rst");
      await page.keyboard.press("ArrowRight");
      assert.equal(await in_focus(page), "EPIPE ⚡︎");
      for (let i = 0; i < 5; ++i) await page.keyboard.press("ArrowRight");
      assert.equal(await in_focus(page), "ECONNRESET");
      const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
      assert.equal(outline, "solid");
      await page.keyboard.press("ArrowDown");
      assert.equal(await in_focus(page), "n/a");
      // Over the end of two tables into the next.
      await page.keyboard.press("Home");
      for (let i = 0; i < 3; ++i) await page.keyboard.press("ArrowDown");
      assert.equal(await in_focus(page), "listening/aio");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("Enter");
      await page.waitForURL("**/scenario/entry/listening/aio.html");
    });
  });

  test("keeps its heads in sight", async () => {
    await on_page("index.html", { site: "large" }, async (page) => {
      await page.evaluate(() => document.getElementById("matrix").scrollTo(5000, 700));
      const places = await page.evaluate(() => {
        const box = document.getElementById("matrix").getBoundingClientRect();
        const at = (x, y) => document.elementFromPoint(box.left + x, box.top + y)?.closest("th")?.getAttribute("scope");
        return { head: at(600, 15), side: at(30, 300), corner: at(30, 15) };
      });
      assert.deepEqual(places, { head: "col", side: "row", corner: "col" });
    });
  });

  test("leads within three clicks to why an answer changed", async () => {
    await on_page("index.html", {}, async (page) => {
      await page.click("tr:has-text('listening/pwritev2-nowait') th a");
      assert.match(await page.innerText("main"), /Since when/);
      await page.click("main .points a:has-text('sockets-nowait')");
      await page.waitForURL("**/changes.html#sockets-nowait");
      assert.match(await page.innerText("#sockets-nowait"), /since 6\.4/);
    });
  });
});

test("the predictions tell what moves without a script, and are marked as what they are", async () => {
  const rows = (page) => page.$$eval(".predictions tbody tr", (all) =>
    all.filter((row) => row.offsetParent !== null).map((row) => row.querySelector("a").textContent));
  await on_page("predict.html", { javaScriptEnabled: false }, async (page) => {
    assert.equal((await rows(page)).length, 8);
    assert.match(await page.innerText("main .note"), /Predicted, not observed/);
    await page.click("text=Only what moves");
    assert.deepEqual(await rows(page), ["listening/aio", "listening/io-uring-send", "listening/pwritev2-nowait", "never-connected/pwritev2-nowait", "close-wait-rst", "loopback"]);
    await page.click("text=/^All 8/");
    assert.equal((await rows(page)).length, 8);
  });
});

describe("the compare page", () => {
  test("says of every two results what `brokenpipe diff A B` says", async () => {
    const diffs = JSON.parse(readFileSync(path.join(sites, "diffs.json")));
    assert.ok(diffs.length >= 144);
    await on_page("compare.html", {}, async (page) => {
      const seen = await page.evaluate((pairs) => pairs.map(({ a, b }) => {
        const data = window.brokenpipe_results;
        const result = (name) => data.results.find((one) => `${one.kernel}@${one.run}` === name);
        return Object.fromEntries(compare(data, result(a), result(b))
          .map((entry) => [entry.scenario.id, entry.verdict]));
      }), diffs.map(({ a, b }) => ({ a, b })));
      diffs.forEach(({ a, b, verdicts }, index) => assert.deepEqual(seen[index], verdicts ?? {}, `${a} and ${b}`));
    });
  });

  test("compares two nights of one kernel, and has a link for it", async () => {
    await on_page("compare.html", {}, async (page, { context }) => {
      await page.selectOption("#a", "debian-6.12@20261121T010000Z");
      await page.selectOption("#b", "debian-6.12@20261122T010000Z");
      assert.match(await page.textContent("#summary"), /1 changed, unexplained/);
      assert.match(await page.innerText("#result"), /tcp\/close-wait-rst\s+send#2\s+-1 EPIPE \+SIGPIPE/);
      const again = await context.newPage();
      await again.goto(page.url());
      assert.equal(await again.textContent("#summary"), await page.textContent("#summary"));
      await again.click("#swap");
      assert.equal(await again.inputValue("#a"), "debian-6.12@20261122T010000Z");
    });
  });
});

test("the choice of light or dark is kept from page to page", async () => {
  await on_page("index.html", { colorScheme: "light" }, async (page) => {
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.click(".theme");
    const dark = await ground();
    assert.notEqual(dark, light);
    await page.goto(page_url("changes.html"));
    assert.equal(await ground(), dark);
  });
});

test("a history of 300 kernels and 700 scenarios stays fluid", async (t) => {
  await on_page("index.html", { site: "large" }, async (page) => {
    const painted = await page.evaluate(() =>
      performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
    const [loaded] = await page.evaluate(() => performance.getEntriesByType("navigation").map((entry) => entry.loadEventEnd));
    const scrolled = await page.evaluate(async () => {
      const box = document.getElementById("matrix");
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      const times = [];
      for (let i = 0; i < 40; ++i) {
        const begin = performance.now();
        box.scrollBy(90, 500);
        await frame();
        await frame();
        times.push(performance.now() - begin);
      }
      return { top: box.scrollTop, left: box.scrollLeft, median: times.sort((a, b) => a - b)[20] };
    });
    assert.ok(scrolled.top > 10000 && scrolled.left > 3000, JSON.stringify(scrolled));
    const filtered = await page.evaluate(() => {
      const begin = performance.now();
      const input = document.getElementById("query");
      input.value = "is:different since:6.1 situation-12";
      input.dispatchEvent(new Event("input"));
      document.getElementById("matrix").getBoundingClientRect();
      return performance.now() - begin;
    });
    assert.equal((await shown_rows(page)).length, 100);
    t.diagnostic(`first paint ${Math.round(painted)} ms, loaded ${Math.round(loaded)} ms, ` +
      `a step of scrolling ${Math.round(scrolled.median)} ms, a filter ${Math.round(filtered)} ms`);
  });
});
