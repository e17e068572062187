import { loadavg } from 'node:os';
import { chromium, type Browser, type Page } from 'playwright-core';
import { TaskChainClient } from '#client';
import { startEmbeddedPostgres, withConnection } from '#libs/local-postgres';
import { ensureChromium } from '#libs/testing';
import { startSystem } from '../running-system.js';
import { largeChain } from './large-chain.js';

/**
 * `npm run console:measure`: how long chains of 1,000 and 10,000 tasks take to be drawn, how smoothly their graph is moved beside a page
 * of as many plain boxes, and how long a list of 100,000 chains takes; with 1000, 10000 or list behind `--` those alone. Prints a table line by line, with the machine's load, and keeps nothing.
 * No test asserts these times.
 */
const asked = process.argv.slice(2);
const isAsked = (what: string): boolean => asked.length === 0 || asked.includes(what);
const SIZES = [1_000, 10_000].filter((size) => isAsked(String(size)));
const LISTED = 100_000;
/** The median of so many is printed. */
const ROUNDS = 5;
const PAN_STEPS = 60;

/** In each page before its own scripts: when each selector is first drawn. */
const PROBE = `
  globalThis.drawn = (selector) => new Promise((done) => {
    const look = () => document.querySelector(selector) === null
      ? requestAnimationFrame(look)
      : requestAnimationFrame(() => done(performance.now()));
    look();
  });
`;

interface Row {
  readonly what: string;
  readonly values: readonly number[];
  readonly unit: string;
}

const found = await ensureChromium();
if ('reason' in found) throw new Error(found.reason);
const system = await startSystem();
const browser = await chromium.launch({
  executablePath: found.path,
  args: ['--disable-dev-shm-usage', '--disable-gpu'],
});
try {
  const base = new URL(system.api.url).origin;
  const client = new TaskChainClient({ baseUrl: base, token: system.api.key! });
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 } });
  await context.addInitScript(PROBE);
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  await page.goto(`${base}/sign-in`);
  await page.locator('input[type=password]').fill(system.api.key!);
  await page.locator('button[type=submit]').click();
  await page.locator('nav').waitFor();
  for (const size of SIZES) {
    process.stdout.write(`load ${loadavg()[0]!.toFixed(1)}\n`);
    const { chain_id: id } = await client.createChain({ body: { ...largeChain(size), execute: true } as never });
    await client.waitForChain(id);
    const name = `${size.toLocaleString('en')} tasks`;
    for (const [view, drawn] of [
      ['graph', '.node'],
      ['gantt', '.gantt-row'],
      ['table', '.many .row'],
    ] as const) {
      const opened = await times(ROUNDS, () => opens(page, `${base}/chains/${id}?view=${view}`, drawn));
      print(
        { what: `${name}, ${view}: first paint`, values: opened.map(({ paint }) => paint), unit: 'ms' },
        { what: `${name}, ${view}: first drawn`, values: opened.map(({ ms }) => ms), unit: 'ms' },
        { what: `${name}, ${view}: longest task, CPU`, values: opened.map(({ longest }) => longest), unit: 'ms' },
        { what: `${name}, ${view}: elements`, values: opened.map(({ elements }) => elements), unit: '' },
        { what: `${name}, ${view}: requests`, values: opened.map(({ requests }) => requests), unit: '' },
      );
    }
    await page.goto(`${base}/chains/${id}`);
    await page.locator('.node').first().waitFor();
    const ours = await times(ROUNDS, () => pans(page, '.react-flow__pane'));
    await page.goto('about:blank');
    await page.setContent(plainBoxes(size));
    const plain = await times(ROUNDS, () => pans(page, 'body'));
    print(
      { what: `${name}: a step of panning, work`, values: ours, unit: 'ms' },
      { what: `${name}: the same of plain boxes`, values: plain, unit: 'ms' },
      { what: `${name}: ratio`, values: [median(ours) / median(plain)], unit: '' },
    );
  }
  if (isAsked('list')) await fillChains(system.config.dataDir);
  for (const [what, path] of [
    ['first page', '/chains'],
    ['page 200', '/chains?page=200'],
    ['the last 10,000', `/chains?created_to=${new Date(Date.now() - 90_000_000).toISOString()}`],
    ['by name', '/chains?q=filled+99&sort=chain_name'],
  ] as const) {
    if (!isAsked('list')) break;
    const opened = await times(ROUNDS, () => opens(page, base + path, '.ant-table-row'));
    print(
      {
        what: `${LISTED.toLocaleString('en')} chains, ${what}: first drawn`,
        values: opened.map(({ ms }) => ms),
        unit: 'ms',
      },
      { what: `100,000 chains, ${what}: elements`, values: opened.map(({ elements }) => elements), unit: '' },
      { what: `100,000 chains, ${what}: longest task, CPU`, values: opened.map(({ longest }) => longest), unit: 'ms' },
    );
  }
} finally {
  await browser.close();
  await system.stop();
}
/** At once: a run takes long, and may be broken off. */
function print(...rows: readonly Row[]): void {
  for (const { what, values, unit } of rows) {
    const [least, most] = [Math.min(...values), Math.max(...values)];
    process.stdout.write(
      `${what.padEnd(52)} ${shown(median(values))} ${unit.padEnd(3)} (${shown(least)} to ${shown(most)})\n`,
    );
  }
}

/** Opens an address, and says when `selector` was drawn after the start of the navigation, and what it took. */
async function opens(page: Page, address: string, selector: string) {
  await page.goto('about:blank');
  const traced = await trace(page.context().browser()!);
  let requests = 0;
  const count = () => void requests++;
  page.on('request', count);
  await page.goto(address, { waitUntil: 'commit' });
  const ms = await page.evaluate<number>(`drawn(${JSON.stringify(selector)})`);
  const paint = await page.evaluate<number>(`performance.getEntriesByName('first-contentful-paint')[0].startTime`);
  await page.waitForLoadState('load');
  await page.evaluate('new Promise((done) => requestIdleCallback(done, { timeout: 5_000 }))');
  page.off('request', count);
  // Pieces that were put off are drawn by then.
  await page.waitForTimeout(500);
  const longest = await traced();
  return {
    ms,
    paint,
    longest,
    requests,
    elements: await page.evaluate<number>(`document.querySelectorAll('*').length`),
  };
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly args: { readonly name?: string };
  /** On the processor, µs: time that others had it for is not in it. */
  readonly tdur?: number;
}

/** Begins to look at what the pages' threads do. The answer ends it, and says what the longest task took of the processor, ms. */
async function trace(of: Browser): Promise<() => Promise<number>> {
  const session = await of.newBrowserCDPSession();
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  const traceConfig = { includedCategories: ['toplevel'] };
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig });
  return async () => {
    const complete = new Promise((done) => session.once('Tracing.tracingComplete', done));
    await session.send('Tracing.end');
    await complete;
    await session.detach();
    const threadOf = ({ pid, tid }: TraceEvent) => `${pid}/${tid}`;
    const named = events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
    const main = new Set(named.map(threadOf));
    const tasks = events.filter((event) => event.name.endsWith('RunTask') && main.has(threadOf(event)));
    return Math.max(0, ...tasks.map(({ tdur = 0 }) => tdur)) / 1_000;
  };
}

/** Drags the page by steps of a few pixels, and says how long the browser works for each. */
async function pans(page: Page, selector: string): Promise<number> {
  const box = (await page.locator(selector).first().boundingBox())!;
  const [x, y] = [box.x + box.width - 30, box.y + Math.min(box.height, 600) - 30];
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const worked = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')!.value * 1_000;
  };
  await page.mouse.move(x, y);
  await page.mouse.down();
  const before = await worked();
  for (let step = 1; step <= PAN_STEPS; step++) {
    await page.mouse.move(x - step * 5, y - step * 3);
    await page.evaluate('new Promise(requestAnimationFrame)');
  }
  const after = await worked();
  await page.mouse.up();
  await session.detach();
  return (after - before) / PAN_STEPS;
}

/** As many boxes of the size of a node, in a layer that the pointer moves. */
function plainBoxes(count: number): string {
  const boxes = Array.from({ length: count }, (_, at) => {
    const [left, top] = [Math.floor(at / 100) * 270, (at % 100) * 76];
    return `<div style="position:absolute;left:${left}px;top:${top}px;width:210px;height:58px;border:1px solid">step-${at}</div>`;
  });
  return `<body style="margin:0;height:800px;overflow:hidden"><div id="layer" style="transform-origin:0 0">${boxes.join('')}</div><script>
    let x = 0, y = 0;
    addEventListener('mousemove', ({ buttons, movementX, movementY }) => {
      if (buttons === 0) return;
      layer.style.transform = 'translate(' + (x += movementX) + 'px,' + (y += movementY) + 'px)';
    });
  </script>`;
}

/** Rows of finished chains by one statement, past the API and without tasks, which no list reads. */
async function fillChains(dataDir: string): Promise<void> {
  const { url } = await startEmbeddedPostgres({ dataDir });
  await withConnection(url, async (db) => {
    await db.query(
      `INSERT INTO task_chains (chain_id, tenant_id, chain_name, chain_type, chain_config, status, total_tasks, timeout_seconds,
                                created_at, started_at, completed_at)
       SELECT 'chain-filled-' || n, 'default', 'filled ' || n, 'sequential', '{}', 'SUCCESS', 0, 3600, at, at, at
         FROM generate_series(1, $1::int) AS n, LATERAL (SELECT now() - n * interval '1 s' AS at) AS t`,
      [LISTED],
    );
    await db.query('ANALYZE task_chains');
  });
}

async function times<T>(count: number, measure: () => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (let round = 0; round < count; round++) all.push(await measure());
  return all;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function shown(value: number): string {
  return value.toFixed(value < 10 ? 2 : 0).padStart(7);
}
