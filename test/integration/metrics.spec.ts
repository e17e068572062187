import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { freePort } from '#libs/local-postgres';
import { findDebianPrograms, itUnless } from '#libs/testing';
import { chain, describeSystem, eventually, line, task, type SystemUnderTest } from './system/index.js';

// A worker that listens for sites has metrics of them.
const env = { NODE_CA_KEY: randomBytes(32).toString('base64'), NODE_PORT: String(await freePort()) };

describeSystem('the metrics of chains', 'postgres', { env }, (check) => {
  check('count each end once over all listeners, whoever ended the chain', async (system) => {
    const { api } = system;
    await system.startApp('status-listener');
    const ports = await Promise.all(
      system.apps.filter(({ name }) => name === 'status-listener').map(async (app) => (await app.ready())['port']),
    );
    /** The sum over the listeners of the series that match. */
    const read = async (): Promise<(series: RegExp) => number> => {
      const texts = await Promise.all(
        ports.map(async (port) => (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text()),
      );
      const rows = texts.flatMap((text) => text.split('\n')).filter((row) => row.startsWith('taskchain_'));
      expect(rows.filter((row) => /chain-[0-9a-f]|task-[0-9a-f]|worker-(?!lost)/.test(row))).toEqual([]);
      return (series) =>
        rows.filter((row) => series.test(row)).reduce((sum, row) => sum + Number(row.slice(row.lastIndexOf(' '))), 0);
    };

    await Promise.all(Array.from({ length: 3 }, () => api.run(chain(line(4)))));
    await api.run(
      chain([task('a', { fail_attempts: 2, error_code: 'NO_LUCK' })], {
        retry_policy: { max_retries: 1, delay_ms: 0 },
      }),
    );
    await api.run(chain([task('late', { delay_ms: 60_000 })], { timeout: 1 }));
    const cancelled = await api.create(chain(line(2)));
    await api.expect(200, `/chains/${cancelled}/cancel`, { method: 'POST' });

    const sum = await eventually('all ends are counted', async () => {
      const now = await read();
      return now(/^taskchain_chains_finished_total/) >= 6 ? now : undefined;
    });
    const finished = (status: string) => sum(new RegExp(`^taskchain_chains_finished_total{.*status="${status}"`));
    expect([finished('SUCCESS'), finished('FAILURE'), finished('CANCELLED')]).toEqual([3, 2, 1]);
    expect(sum(/^taskchain_chain_failures_total{.*code="NO_LUCK"/)).toBe(1);
    expect(sum(/^taskchain_chain_failures_total{.*code="TIMEOUT_CHAIN"/)).toBe(1);
    expect(sum(/^taskchain_task_failures_total{/)).toBe(1);
    // The cancelled one was never started: it has no time.
    expect(sum(/^taskchain_chain_seconds_count{/)).toBe(5);
    expect(sum(/^taskchain_chain_seconds_sum{.*status="FAILURE"/)).toBeGreaterThan(1);
    expect(sum(/^taskchain_chain_tasks_count{/)).toBe(6);
    expect(sum(/^taskchain_chain_tasks_bucket{.*le="1"/)).toBe(2);
    expect(sum(/^taskchain_chain_tasks_bucket{.*le="5"/)).toBe(6);
    expect(sum(/^taskchain_task_seconds_count{.*task_type="diagnostic".*outcome="SUCCESS"/)).toBe(12);
    expect(sum(/^taskchain_task_seconds_count{.*task_type="diagnostic".*outcome="FAILURE"/)).toBe(2);
    const { throughput, tasks_by_type: types } = await api.expect<{
      throughput: { parts: { succeeded: number; failed: number; cancelled: number }[] };
      tasks_by_type: { mean_seconds: number; p95_seconds: number; max_seconds: number }[];
    }>(200, '/chains/metrics?window=1h');
    const ended = ({ succeeded, failed, cancelled }: (typeof throughput.parts)[number]) => [
      succeeded,
      failed,
      cancelled,
    ];
    const summed = throughput.parts.map(ended).reduce((all, part) => all.map((count, i) => count + part[i]!));
    expect(summed).toEqual([3, 2, 1]);
    expect(throughput.parts).toHaveLength(13);
    const [{ mean_seconds: mean, p95_seconds: p95, max_seconds: max }] = types as [(typeof types)[number]];
    expect([mean > 0, mean <= max, p95 <= max]).toEqual([true, true, true]);
    const created = (await api.call('//metrics')).text;
    expect(created).toMatch(/^taskchain_chains_created_total{app="api"} 6$/m);

    // A task that somebody resolved before it ran has taken no time, in place of 0 s.
    const waits = { task_id: 'later', task_type: 'report', depends_on: ['a'], task_params: { task_config: {} } };
    const held = await api.start(chain([task('a', { delay_ms: 60_000 }), waits]));
    await api.expect(200, `/chains/${held}/tasks/later/resolve`, { method: 'POST', body: { note: 'x', result: {} } });
    const after = await api.expect<{ tasks_by_type: object[] }>(200, '/chains/metrics?window=1h');
    const untimed = { succeeded: 1, mean_seconds: null, p95_seconds: null, max_seconds: null };
    expect(after.tasks_by_type).toContainEqual(expect.objectContaining({ task_type: 'report', ...untimed }));
  });

  check('are those of the list, and every query asks for one of them', async (system) => {
    await system.api.run(chain(line(2)));
    const served = new Map<string, Set<string>>();
    for (const [app, text] of await scrape(system)) {
      for (const [, name] of text.matchAll(/^# TYPE (taskchain_\w+)/gm)) {
        served.set(name!, (served.get(name!) ?? new Set()).add(app));
      }
    }
    const listed = [
      ...textOf('docs/metrics.md').matchAll(/^\| `(taskchain_\w+)(?:\{([\w,]+)\})?` +\| ([\w ]+?) +\|/gm),
    ];
    const apps = listed.map(([, name, , app]) => [name, APPS[app!]]);
    expect(apps.sort()).toEqual([...served].map(([name, of]) => [name, [...of].join()]).sort());

    const labels = new Map(listed.map(([, name, of]) => [name!, of?.split(',') ?? []]));
    const faults = [...dashboardQueries(), ...rules.map((rule) => rule.expr)].flatMap((query) =>
      faultsOfQuery(query, labels, new Set(rules.map((rule) => rule.record))),
    );
    expect(faults).toEqual([]);
    for (const [name, of] of labels) for (const label of await labelsOf(system, name)) expect(of).toContain(label);
  });
});

const tool = await findDebianPrograms('prometheus', ['promtool']);

describe("Prometheus' rules", () => {
  const folder = mkdtempSync(join(tmpdir(), 'task-chain-rules-'));
  afterAll(() => {
    tool.remove();
    rmSync(folder, { recursive: true });
  });
  const promtool = (...args: string[]) =>
    promisify(execFile)(tool.path('promtool'), args, { cwd: 'deploy/prometheus' });

  it('are what the page says', () => {
    const page = textOf('docs/metrics.md');
    const rowsOf = (name: RegExp) => [...page.matchAll(name)].map(([, found]) => found!);
    expect(rowsOf(/^\| `(taskchain:[\w:]+)`/gm)).toEqual(rules.flatMap((rule) => rule.record ?? []));
    expect(rowsOf(/^\| `(TaskChain\w+)`/gm)).toEqual(rules.flatMap((rule) => rule.alert ?? []));
  });

  itUnless(tool.skip, 'pass promtool, and fire when they should and not else', async () => {
    await promtool('check', 'rules', 'task-chain.rules.yml', 'task-chain.alerts.yml');
    await promtool('test', 'rules', 'task-chain.tests.yml');
  });

  itUnless(tool.skip, "stand beside a dashboard whose queries are Prometheus'", async () => {
    const file = join(folder, 'queries.yml');
    const made = dashboardQueries().map((query, i) => ({
      record: `query:${i}`,
      expr: query.replaceAll('$task_type', '.*'),
    }));
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: made }] }));
    await promtool('check', 'rules', file);
  });
});

/** How the page names the apps. */
const APPS: Readonly<Record<string, string>> = {
  api: 'api',
  listener: 'status-listener',
  'one listener': 'status-listener',
  worker: 'compute-worker',
};
const textOf = (path: string): string => readFileSync(path, 'utf8');

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
}
const rules: readonly Rule[] = ['rules', 'alerts'].flatMap((kind) =>
  (parse(textOf(`deploy/prometheus/task-chain.${kind}.yml`)) as { groups: { rules: Rule[] }[] }).groups.flatMap(
    (group) => group.rules,
  ),
);

function dashboardQueries(): string[] {
  const { panels, templating } = JSON.parse(textOf('deploy/grafana/task-chain.json')) as {
    panels: { targets?: { expr: string }[] }[];
    templating: { list: { query: string }[] };
  };
  const [, values] = templating.list.map(({ query }) => /^label_values\((\w+), \w+\)$/.exec(query)?.[1]);
  return [...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)), values!];
}

/** Names that a query uses and nobody serves, and labels that its metrics do not have. */
function faultsOfQuery(
  query: string,
  labels: ReadonlyMap<string, readonly string[]>,
  recorded: ReadonlySet<string | undefined>,
): string[] {
  const used = [...query.matchAll(/\b(taskchain[:_][\w:]+)(?:\{([^}]*)\})?/g)];
  return used.flatMap(([, full, matchers = '']) => {
    if (recorded.has(full)) return [];
    const of = labels.get(full!) ?? labels.get(full!.replace(/_(bucket|sum|count)$/, ''));
    if (of === undefined) return [`${full} in ${query}`];
    const named = [...matchers.matchAll(/(\w+)=~?"/g)].map(([, label]) => label!);
    return named.filter((label) => !of.includes(label)).map((label) => `${full}{${label}} in ${query}`);
  });
}

/** What each process serves at /metrics. */
async function scrape(system: SystemUnderTest): Promise<Map<string, string>> {
  const texts = new Map([['api', (await system.api.call('//metrics')).text]]);
  for (const app of system.apps.filter(({ name, running }) => running && name !== 'api')) {
    const text = await (await fetch(`http://127.0.0.1:${String((await app.ready())['port'])}/metrics`)).text();
    texts.set(app.name, (texts.get(app.name) ?? '') + text);
  }
  return texts;
}

/** Labels that a metric has now, without `app` and those of a histogram. */
async function labelsOf(system: SystemUnderTest, name: string): Promise<string[]> {
  const series = new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{([^}]*)\\}`, 'gm');
  const texts = [...(await scrape(system)).values()].join('\n');
  const found = [...texts.matchAll(series)].flatMap(([, of]) =>
    [...of!.matchAll(/(\w+)="/g)].map(([, label]) => label!),
  );
  return [...new Set(found)].filter((label) => label !== 'app' && label !== 'le');
}
