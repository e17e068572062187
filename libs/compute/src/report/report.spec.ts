import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { expect } from 'expect';
import { checkTaskParams } from '../check-params.js';
import { testFolder, type TestFolder } from '../run-for-tests.js';
import type { Json, JsonObject, TaskRunResult } from '../task-type.js';
import { runReport } from './report-run.js';

let folder: TestFolder;
before(async () => {
  folder = await testFolder();
});
after(() => folder.remove());

const bucket = (from: number): JsonObject => ({
  from,
  to: from + 0.2,
  rows: 50,
  positives: Math.round(50 * from),
  mean_score: from + 0.1,
});
const INPUTS: Record<string, Json> = {
  intersect: {
    intersection_count: 509,
    output_paths: { alice: 'artifact:c/t/alice/x.csv' },
    psi_protocol: 'ECDH_PSI_2PC',
    reports: [
      { party: 'alice', original_count: 550, intersection_count: 509 },
      { party: 'bob', original_count: 552, intersection_count: -1 },
    ],
  },
  describe: {
    statistics: { age: { count: 509, mean: 41.123456789, min: 18 }, income: { count: 509, mean: 2.5 } },
    rows: { alice: 509 },
  },
  relate: { correlation_matrix: { age: { age: 1, income: 0.25 } }, vif_values: { age: 1.5 } },
  train: { training_metrics: { epochs: 3, final_loss: 0.07, loss_by_epoch: [0.2, 0.1, 0.07] } },
  evaluate: {
    rows: 250,
    metrics: { auc: 0.99, ks: 0.93, f1_score: 0.9, precision: 0.9, recall: 0.9, accuracy: 0.97 },
    curves: {
      roc: [
        [0, 0, 0.99],
        [0.1, 0.9, 0.5],
        [1, 1, 0.01],
      ],
      calibration: [bucket(0.8), bucket(0.4), bucket(0)],
      buckets: [bucket(0.8), bucket(0.4), bucket(0)],
    },
  },
  odd: { hello: ['world', { deep: null }] },
};
async function make(
  config: JsonObject,
  inputs: Record<string, Json> = INPUTS,
  taskId = 'report',
): Promise<{ outcome: TaskRunResult; html: string; json: JsonObject }> {
  const outcome = await runReport(folder.run(config, { inputs, taskId }));
  const html = await folder.text('', String(outcome.result.report_html));
  return { outcome, html, json: JSON.parse(await folder.text('', String(outcome.result.report_json))) as JsonObject };
}
const count = (text: string, part: string): number => text.split(part).length - 1;

describe('report', () => {
  test('shows every result, in order, with tables and plots, and names the headline figures', async () => {
    const { outcome, html, json } = await make({ title: 'Two hospitals' });
    expect(outcome.result).toMatchObject({
      report_html: 'artifact:chain-1/report/report.html',
      report_json: 'artifact:chain-1/report/report.json',
      intersection_count: 509,
      auc: 0.99,
      ks: 0.93,
      accuracy: 0.97,
    });
    expect(
      (outcome.result.sections as { task_id: string; kind: string }[]).map(({ task_id, kind }) => `${task_id} ${kind}`),
    ).toEqual([
      'intersect intersection',
      'describe statistics',
      'relate correlation',
      'relate correlation',
      'train training',
      'evaluate evaluation',
      'odd other',
    ]);
    expect(outcome.artifacts.map(({ name, mediaType }) => [name, mediaType])).toEqual([
      ['report.html', 'text/html; charset=utf-8'],
      ['report.json', 'application/json'],
    ]);
    expect(count(html, '<svg ')).toBe(6);
    expect(html).toContain('<title>Two hospitals</title>');
    expect(html).toContain('<td class="n">41.1235</td>');
    expect(html).toContain('hello[1].deep');
    expect(json).toMatchObject({ format: 'taskchain/report/v1', title: 'Two hospitals', headline: { auc: 0.99 } });
    expect(json.sections).toHaveLength(7);
    // What a party may not learn is shown as unknown.
    expect(html).not.toContain('-1<');
  });

  test('is one page that loads nothing and runs nothing', async () => {
    const { html } = await make({});
    expect(html).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|javascript:| on\w+=/i);
    const addresses = (html.match(/(?:href|src)="[^"]*"/g) ?? []).filter((address) => !/^href="#s\d+"$/.test(address));
    expect(addresses).toEqual([]);
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(html).toContain('width=device-width');
    expect(html).toContain('prefers-color-scheme:dark');
    expect(html).toContain('@media print');
  });

  test('gives the same bytes again, also from another process', async () => {
    const first = (await make({})).outcome;
    expect((await make({})).outcome).toEqual(first);
    const script = `
      const { sectionsOf } = await import(process.argv[1] + 'sections.js');
      const { drawChart } = await import(process.argv[1] + 'draw.js');
      const { wordsOf } = await import(process.argv[1] + 'words.js');
      const result = JSON.parse(process.argv[2]);
      if (process.argv[3]) drawChart(sectionsOf('x', result, wordsOf('en'))[0].charts[1]);
      process.stdout.write(drawChart(sectionsOf('x', result, wordsOf('en'))[0].charts[0]));`;
    const draw = (...more: string[]): string =>
      execFileSync(
        process.execPath,
        [
          '--input-type=module',
          '-e',
          script,
          new URL('./', import.meta.url).href,
          JSON.stringify(INPUTS.evaluate),
          ...more,
        ],
        { encoding: 'utf8' },
      );
    expect(draw('after another chart')).toBe(draw());
  });

  test('lets no text of its inputs become markup', async () => {
    const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>'</text></svg>]]>&{a|b}`;
    const inputs: Record<string, Json> = {
      [hostile]: {
        intersection_count: 1,
        psi_protocol: hostile,
        reports: [{ party: hostile, original_count: 10, intersection_count: 1 }],
        statistics: { [hostile]: { [hostile]: hostile } },
        training_metrics: { [hostile]: hostile, constructor: 'x', loss_by_epoch: [1, 2] },
        metrics: { [hostile]: 1, constructor: 2 },
        correlation_matrix: { [hostile]: hostile },
      },
      other: { [hostile]: hostile },
    };
    const { html } = await make({ title: hostile }, inputs, 'hostile');
    expect(html).not.toMatch(/<script|<img/i);
    // Nothing ends an element early: every opened element is closed, and only known ones are there.
    for (const name of ['svg', 'text', 'title', 'table', 'td', 'section', 'figure', 'h1', 'dd', 'style']) {
      expect([name, count(html, `<${name}>`) + count(html, `<${name} `)]).toEqual([name, count(html, `</${name}>`)]);
    }
    const names = new Set(Array.from(html.matchAll(/<([a-z][a-z0-9]*)/gi), ([, name]) => name!.toLowerCase()));
    const known =
      'html head meta title style body h1 h2 dl div dt dd nav ol li a span main section p figure figcaption svg g path rect text tspan polyline line table caption thead tbody tr th td defs clippath';
    expect([...names].filter((name) => !known.split(' ').includes(name))).toEqual([]);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  test('shows the chosen kinds in the chosen order, in Chinese where asked', async () => {
    const { outcome, html } = await make({ sections: ['evaluation', 'intersection'], language: 'zh' });
    expect((outcome.result.sections as { kind: string }[]).map(({ kind }) => kind)).toEqual([
      'evaluation',
      'intersection',
    ]);
    expect(html).toContain('<html lang="zh-CN">');
    expect(html).toContain('隐私集合求交');
  });

  test('is plainer, and not broken, where a result has another shape', async () => {
    const inputs: Record<string, Json> = {
      a: { metrics: { auc: 'high' }, curves: { roc: [1, [2]], buckets: [{}], calibration: 3 } },
      b: { statistics: { x: 1, y: [1, 2] }, reports: 'none' },
      c: [1, 'two', null],
      d: 'text',
      e: null,
      f: { training_metrics: { loss_by_epoch: ['x'] } },
    };
    const { outcome } = await make({}, inputs, 'odd');
    expect(outcome.result.sections).toHaveLength(5);
    expect(outcome.result).not.toHaveProperty('auc');
  });

  test('cuts a table that nobody would read', async () => {
    const wide = Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`c${at}`, { mean: at }]));
    const { html } = await make({}, { describe: { statistics: wide } }, 'wide');
    expect(count(html, '<tr>')).toBe(501);
    expect(html).toContain('More rows are left out here.');
  });

  test('fails where there is nothing to show', async () => {
    for (const [config, inputs] of [
      [{}, {}],
      [{}, { skipped: null }],
      [{ sections: ['training'] }, { odd: INPUTS.odd! }],
    ] as [JsonObject, Record<string, Json>][]) {
      const error = await runReport(folder.run(config, { inputs })).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'NO_REPORT_INPUT', retryable: false });
    }
  });

  test('needs no party, and refuses what it does not know', () => {
    expect(checkTaskParams('report', { task_config: { title: 'T', language: 'zh', sections: ['other'] } })).toEqual([]);
    for (const wrong of [{ language: 'fr' }, { sections: ['plots'] }, { html: '<b>' }, { title: '' }]) {
      expect(checkTaskParams('report', { task_config: wrong })).toHaveLength(1);
    }
  });
});
