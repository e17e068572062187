import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import { TaskChainClient } from '#client';
import { ensureChromium } from '#libs/testing';
import { startSystem } from '../running-system.js';
import { largeChain } from './large-chain.js';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const PICTURES = join(ROOT, '.cache', 'console');
const IN_DOCS = join(ROOT, 'docs', 'images');

const CROWDED = readFileSync(join(ROOT, 'test', 'e2e', 'console', 'crowded.in-page.mjs'), 'utf8');

const LANGUAGES = ['en', 'zh'] as const;
/** What README and docs show. */
const SHOWN = ['chain', 'designer'];
const forDocs = process.argv.includes('--docs');
const named = process.argv.slice(2).filter((each) => !each.startsWith('-'));
const THEMES = forDocs ? (['light'] as const) : (['light', 'dark'] as const);
const WIDTHS = forDocs ? [1280] : [390, 820, 1280];

/**
 * `npm run console:screenshots`: each page in both languages and themes and three widths, to `.cache/console`; with `--docs` the pictures of
 * README and docs alone, with names of pages those. Says where texts are cut off or lie on each other, and fails then.
 */
const found = await ensureChromium();
if ('reason' in found) throw new Error(found.reason);
const system = await startSystem();
const browser = await chromium.launch({
  executablePath: found.path,
  args: ['--disable-dev-shm-usage', '--disable-gpu'],
});
const faults: string[] = [];
let pictures = 0;
try {
  const base = new URL(system.api.url).origin;
  const client = new TaskChainClient({ baseUrl: base, token: system.api.key! });
  const chainId = await system.owners.start('breast-cancer');
  await system.owners.watch(chainId, { signal: system.signal });
  const chain = { chain_name: 'nightly-report', tasks: [failing('load'), failing('check')], execute: true };
  const { chain_id: failed } = await client.createChain({ body: chain as never });
  await client.waitForChain(failed);
  const nightly = {
    title: 'Every night',
    cron: '0 2 * * *',
    time_zone: 'Asia/Shanghai',
    chain: { ...chain, execute: undefined },
  };
  const { schedule_id: scheduleId } = await client.createSchedule({ body: nightly });
  await client.runSchedule({ path: { schedule_id: scheduleId } });
  const { chain_id: largeId } = await client.createChain({ body: largeChain(2_000) as never });
  const { chain_id: framed } = await client.createChain({ body: framedChain() as never });
  await client.waitForChain(framed);
  await client.createWebhook({
    body: { url: 'https://alerts.example.com/hooks/task-chain' } as never,
  });
  await client.putSecret({
    path: { name: 'report-token' },
    body: { value: 'only-for-a-picture', task_types: ['http'] } as never,
  });
  await client.createChain({ body: { chain_name: 'asks-alice', tasks: [asking()], execute: true } as never });
  await client.sendSignal({ body: { name: 'file-arrived', key: 'orders', payload: { path: 'orders/4711.csv' } } });
  while ((await client.listApprovals()).items.length === 0) await new Promise((next) => setTimeout(next, 200));
  const pages = pagesOf({ chainId, failed, scheduleId, largeId, framed }).filter(
    ([name]) => (!forDocs || SHOWN.includes(name)) && (named.length === 0 || named.includes(name)),
  );
  mkdirSync(PICTURES, { recursive: true });
  mkdirSync(IN_DOCS, { recursive: true });
  for (const language of LANGUAGES) {
    for (const theme of THEMES) {
      const locale = language === 'zh' ? 'zh-CN' : 'en-GB';
      const context = await browser.newContext({ locale, colorScheme: theme, reducedMotion: 'reduce' });
      const page = await context.newPage();
      await page.goto(`${base}/sign-in`);
      await page.locator('input[type=password]').fill(system.api.key!);
      await page.locator('button[type=submit]').click();
      await page.locator('nav').waitFor();
      for (const [name, path, wait, tab] of pages) {
        for (const [at, width] of WIDTHS.entries()) {
          const size = { width, height: width < 500 ? 780 : 800 };
          // Graphs are laid out for the canvas that they find. On a phone tabs are a list.
          if (tab === undefined || at === 0) {
            await page.setViewportSize(tab === undefined ? size : { width: 1280, height: 800 });
            await page.goto('about:blank');
            await page.goto(base + path);
            await page.locator(wait).first().waitFor();
            if (tab !== undefined) await show(page, tab);
          }
          await page.setViewportSize(size);
          await settle(page);
          const picture = `${name}-${language}`;
          if (forDocs) {
            await page.screenshot({ path: join(IN_DOCS, `console-${picture}.png`) });
          } else await page.screenshot({ path: join(PICTURES, `${picture}-${theme}-${width}.png`) });
          pictures++;
          const crowded = await page.evaluate<string[]>(CROWDED);
          faults.push(...crowded.map((each) => `${name} ${language} ${theme} ${width}: ${each}`));
        }
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
  await system.stop();
}
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.stdout.write(
  `${pictures} pictures in ${forDocs ? IN_DOCS : PICTURES}, ${faults.length} texts cut off or on each other\n`,
);
process.exitCode = faults.length === 0 ? 0 : 1;

function failing(task_id: string): object {
  const task_config = task_id === 'load' ? { fail_attempts: 9, error_code: 'TABLE_MISSING' } : {};
  const retry_policy = { max_retries: 2, delay_ms: 300 };
  return {
    task_id,
    task_type: 'diagnostic',
    depends_on: task_id === 'load' ? [] : ['load'],
    task_params: { task_config },
    retry_policy,
  };
}

/** An if/else in which a list is worked through. */
function framedChain(): object {
  const task = (task_id: string, depends_on: readonly string[], task_config: object = {}) => ({
    ...{ task_id, task_type: 'diagnostic', depends_on, task_params: { task_config } },
  });
  const branch = [{ when: 'tasks.count.result.result >= 100', then: ['each'] }, { else: ['too-few'] }];
  const for_each = { items: ['duration', 'credit_amount', 'age'], key: '${item}' };
  return {
    chain_name: 'describe-columns',
    tasks: [
      { ...task('count', [], { result: 240 }), branch },
      { ...task('each', ['count'], { result: '${item}' }), for_each },
      task('gather', ['each']),
      task('too-few', ['count']),
      { ...task('tell', ['gather', 'too-few']), trigger_rule: 'none_failed_min_one_success' },
    ],
    execute: true,
  };
}

/** A task that no policy of the example covers. */
function asking(): object {
  const sf_init_config = { parties: ['alice'], address: 'local' };
  const input_data = { alice: 'dataset:alice/breast-cancer@1' };
  const task_config = { input_data, columns: { alice: ['radius_mean'] }, method: 'constant', value: 0 };
  return { task_id: 'fill', task_type: 'fillna', depends_on: [], task_params: { sf_init_config, task_config } };
}

interface Tab {
  /** Of the tab that is opened first. */
  readonly name?: RegExp;
  /** What is pressed then. */
  readonly press?: string;
  /** What it shows in the end. */
  readonly wait: string;
}
type Shown = readonly [name: string, path: string, wait: string, tab?: Tab];

async function show(page: Page, { name, press, wait }: Tab): Promise<void> {
  if (name !== undefined) await page.getByRole('tab', { name }).click();
  if (press !== undefined) await page.locator(press).first().click();
  await page.locator(wait).first().waitFor();
}

/** A page's name, its path, what it shows once it is there, and a tab of it. */
function pagesOf({ chainId, failed, scheduleId, largeId, framed }: Readonly<Record<string, string>>): readonly Shown[] {
  const chain = `/chains/${chainId}`;
  return [
    ['overview', '/', '.figures'],
    ['chains', '/chains', '.ant-table-row'],
    ['chain', chain, '.node'],
    ['timeline', `${chain}?view=gantt`, '.gantt-row'],
    ['table', `${chain}?view=table`, '.many .row'],
    ['history', `${chain}?view=history`, '.ant-table-row'],
    ['task', `${chain}?task=train`, '.ant-drawer .facts'],
    ['log', `/chains/${failed}?task=load`, '.ant-drawer .facts', { name: /^(Log|日志)$/, wait: 'pre[role=log]' }],
    [
      'attempts',
      `/chains/${failed}?task=load`,
      '.ant-drawer .facts',
      { name: /^(Attempts|各次尝试)$/, wait: '.compared' },
    ],
    [
      'opened',
      `${chain}?task=train`,
      '.ant-drawer .facts',
      { name: /^(What left|离开的内容)$/, wait: '.ant-drawer [role=tabpanel]:not([aria-hidden=true]) h2' },
    ],
    [
      'artifacts',
      `${chain}?task=report`,
      '.ant-drawer .facts',
      { name: /^(Artifacts|产物)$/, wait: '.ant-drawer [role=tabpanel]:not([aria-hidden=true]) .ant-table-row' },
    ],
    ['frames', `/chains/${framed}`, '.frame'],
    ['large', `/chains/${largeId}`, '.node.group'],
    ['large-table', `/chains/${largeId}?view=table`, '.many .row'],
    // Before the designer has a draft: its tasks would be there at once.
    [
      'designer-task',
      '/designer?template=template-credit-scoring',
      '.react-flow__node',
      { press: '.react-flow__node .node', wait: '.chosen.node' },
    ],
    // Once the API has said what it thinks of it.
    ['designer', '/designer?template=template-credit-scoring', 'body:has(.react-flow__node) .verdict .status'],
    ['templates', '/templates', '.ant-table-row'],
    ['template', '/templates/template-psi-pipeline', '.node'],
    ['schedules', '/schedules', '.ant-table-row'],
    ['schedule', `/schedules/${scheduleId}`, '.ant-table-row'],
    ['approvals', '/approvals', '.account'],
    ['data', '/data', '.ant-table-row'],
    ['policy', '/data/alice/breast-cancer?view=policy', '.rule'],
    ['ledger', '/data/alice/breast-cancer?view=ledger', '.ant-table'],
    ['workers', '/workers', '.ant-table-row'],
    ['task-types', '/task-types', '.ant-collapse-item'],
    ['settings', '/settings?view=keys', '.ant-table-row'],
    ['webhooks', '/settings?view=webhooks', '.ant-table-row'],
    ['secrets', '/settings?view=secrets', '.ant-table-row'],
    ['signals', '/settings?view=signals', '.ant-table-row'],
    ['audit', '/settings?view=audit', '.ant-table-row'],
    ['tenant', '/settings?view=tenant', '.ant-table-row'],
    ['none', '/chains?q=nothing-has-this-name', '.ant-empty'],
    ['wrong', '/chains/chain-none', '[role=alert]'],
  ];
}

/** Two frames after the page has no request under way. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(
    'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 250))))',
  );
}
