import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse, type DefaultTreeAdapterTypes, type Token } from 'parse5';
import { checkTaskParams } from '../catalogue/check-params.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { Json, JsonObject, TaskRunResult } from '../contract/task-type.js';
import { HOSTILE, INPUTS, LONG_NAMES, resultsNamed } from './inputs-for-tests.js';
import { runReport } from './report-run.js';
import type { HeatMap, Section } from './section.js';

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder.remove());

async function make(
  config: JsonObject,
  inputs: Record<string, Json> = INPUTS,
  taskId = 'report',
): Promise<{ outcome: TaskRunResult; html: string; json: JsonObject }> {
  const outcome = await runReport(folder.run(config, { inputs, taskId }));
  const html = await folder.text('', String(outcome.result.report_html));
  return { outcome, html, json: JSON.parse(await folder.text('', String(outcome.result.report_json))) as JsonObject };
}
/** Every element of a page, as a parser of HTML reads it: name, attributes, and the text directly within. */
function elementsOf(html: string): { name: string; attributes: Token.Attribute[]; text: string }[] {
  const found: ReturnType<typeof elementsOf> = [];
  const walk = (node: DefaultTreeAdapterTypes.Node): void => {
    if (!('childNodes' in node)) return;
    if ('tagName' in node) {
      const texts = node.childNodes.flatMap((child) => ('value' in child ? [child.value] : []));
      found.push({ name: node.tagName, attributes: node.attrs, text: texts.join('') });
    }
    node.childNodes.forEach(walk);
  };
  walk(parse(html));
  return found;
}
/** All that a report needs: nothing among them loads or runs anything. */
const PLAIN_ELEMENTS = (
  'html head meta title style body h1 h2 dl div dt dd nav ol li a span main section p figure figcaption ' +
  'svg g path rect text tspan polyline line table caption thead tbody tr th td'
).split(' ');
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
      'prepare preparation',
      'intersect intersection',
      'describe statistics',
      'relate correlation',
      'relate correlation',
      'train training',
      'merge training',
      'evaluate evaluation',
      'evaluate-numbers evaluation',
      'seal encryption',
      'odd other',
    ]);
    expect(outcome.artifacts.map(({ name, mediaType }) => [name, mediaType])).toEqual([
      ['report.html', 'text/html; charset=utf-8'],
      ['report.json', 'application/json'],
    ]);
    expect(count(html, '<svg ')).toBe(11);
    expect(html).toContain('<title>Two hospitals</title>');
    expect(html).toContain('<td class="n">41.1235</td>');
    expect(html).toContain('hello[1].deep');
    expect(html).toContain('Described, and not correlated: rare (has gaps)');
    expect(json).toMatchObject({ format: 'taskchain/report/v1', title: 'Two hospitals', headline: { auc: 0.99 } });
    expect(json.sections).toHaveLength(11);
    // What a party may not learn is shown as unknown.
    expect(html).not.toMatch(/>-1<\/(?:td|dd)>/);
  });

  test('is one page that loads nothing and runs nothing', async () => {
    for (const inputs of [INPUTS, resultsNamed([HOSTILE, ...LONG_NAMES])]) {
      const { html } = await make({}, inputs);
      const page = elementsOf(html);
      const allowed = /^(?:#s\d+|)$/;
      for (const { name, attributes, text } of page) {
        expect(PLAIN_ELEMENTS).toContain(name);
        for (const { name: attribute, value } of attributes) {
          expect(attribute).not.toMatch(/^on|^(?:src|srcset|srcdoc|action|formaction|data|poster|background|ping)$/i);
          if (/href$/i.test(attribute)) expect(value).toMatch(allowed);
          if (attribute === 'style') expect(value).not.toMatch(/url\(|@import|expression|:\/\//i);
        }
        if (name === 'style') expect(text).not.toMatch(/url\(|@import|:\/\//i);
      }
    }
    const { html } = await make({});
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(html).toContain('width=device-width');
    expect(html).toContain('prefers-color-scheme:dark');
    expect(html).toContain('@media print');
  });

  test('gives the same bytes again, also from another process', async () => {
    const first = (await make({})).outcome;
    expect((await make({})).outcome).toEqual(first);
    const script = `
      const { allSections } = await import(process.argv[1] + 'sections.js');
      const { drawChart } = await import(process.argv[1] + 'draw.js');
      const { wordsOf } = await import(process.argv[1] + 'words.js');
      const result = JSON.parse(process.argv[2]);
      if (process.argv[3]) drawChart(allSections([['x', result]], wordsOf('en'))[0].charts[1]);
      process.stdout.write(drawChart(allSections([['x', result]], wordsOf('en'))[0].charts[0]));`;
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
    const { html } = await make({ title: HOSTILE }, resultsNamed([HOSTILE]), 'hostile');
    expect(html).not.toMatch(/<script|<img/i);
    // Nothing ends an element early: every opened element is closed.
    for (const name of ['svg', 'text', 'title', 'table', 'td', 'section', 'figure', 'h1', 'dd', 'style']) {
      expect([name, count(html, `<${name}>`) + count(html, `<${name} `)]).toEqual([name, count(html, `</${name}>`)]);
    }
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    // The whole name stands as text, in a table of each section.
    const cells = elementsOf(html).filter(
      ({ name, text }) => ['th', 'td', 'div'].includes(name) && text.includes(HOSTILE),
    );
    expect(cells.length).toBeGreaterThan(15);
  });

  test('shows the chosen kinds in the chosen order, in Chinese where asked', async () => {
    const { outcome, html } = await make({ sections: ['evaluation', 'intersection'], language: 'zh' });
    expect((outcome.result.sections as { kind: string }[]).map(({ kind }) => kind)).toEqual([
      'evaluation',
      'evaluation',
      'intersection',
    ]);
    expect(html).toContain('<html lang="zh-CN">');
    expect(html).toContain('隐私集合求交');
  });

  test('is in Chinese throughout, but for names', async () => {
    const { odd: _names, ...inputs } = INPUTS;
    const { html, json } = await make({ language: 'zh' }, inputs, 'zh');
    const names =
      /age1q+|age-encryption\S+|alice|bob|age|income|twin|rare|prepare|intersect|describe|relate|train|merge|evaluate|seal|ECDH_PSI_2PC|x\.csv|results\.json|artifact:\S+|AUC|KS|ROC|F1|RMSE|MAPE|R²|numbers|-|\d+%/g;
    const words = elementsOf(html)
      .filter(({ name }) => name !== 'style')
      .map(({ text }) => text.replaceAll(names, ''))
      .filter((text) => /[A-Za-z]/.test(text));
    expect(words).toEqual([]);
    expect(html).toContain('和中只有两方');
    expect(html).toContain('rare (有空缺)');
    expect(json.language).toBe('zh');
  });

  test('plots the buckets of a bias, and says why there are none', async () => {
    const buckets = [
      { from: 0, to: 0.5, rows: 60, mean_prediction: 0.31, mean_label: 0.27, bias: 0.04 },
      { from: 0.5, to: 1, rows: 40, mean_prediction: 0.74, mean_label: 0.8, bias: -0.06 },
    ];
    const withheld = { rows: 'too few', buckets: 'too few' };
    const { outcome, html } = await make(
      {},
      { bias: { rows: 100, buckets }, none: { rows: null, buckets: null, withheld } },
    );
    expect(outcome.result.sections).toMatchObject([{ kind: 'evaluation' }, { kind: 'other' }]);
    expect(count(html, '<svg ')).toBe(1);
    expect(html).toContain('<td class="n">0.27</td>');
    expect(html).toContain('too few');
  });

  test('compares two evaluations or more', async () => {
    const better = INPUTS.evaluate as JsonObject;
    const worse = { ...better, metrics: { auc: 0.8, ks: 0.5 } };
    const { json, html } = await make({ sections: ['comparison'] }, { 'by-lr': worse, 'by-xgb': better }, 'two');
    const [section] = json.sections as unknown as Section[];
    expect(section!.tables[0]!.rows.map((row) => row.slice(0, 2))).toEqual([
      ['by-lr', 0.8],
      ['by-xgb', 0.99],
    ]);
    expect(section!.charts).toMatchObject([{ kind: 'line', series: [{ name: 'by-lr' }, { name: 'by-xgb' }] }]);
    expect(html).toContain('by-lr, by-xgb');
  });

  test('draws a correlation matrix as a heat map, and lists the strongest pairs of a large one', async () => {
    const names = Array.from({ length: 20 }, (_, at) => `c${at}`);
    const value = (a: number, b: number): number => (a === b ? 1 : a + b === 1 ? -0.9 : 0.1);
    const matrix = Object.fromEntries(
      names.map((row, y) => [row, Object.fromEntries(names.map((column, x) => [column, value(x, y)]))]),
    );
    const { json, html } = await make({}, { relate: { correlation_matrix: matrix } }, 'heat');
    const [section] = json.sections as unknown as Section[];
    const map = section!.charts[0] as HeatMap;
    expect(map).toMatchObject({ kind: 'heat', names });
    expect(map.cells).toHaveLength(400);
    expect(section!.tables[0]!.rows[0]).toEqual([-0.9, 'c0', 'c1']);
    expect(section!.tables[0]!.rows).toHaveLength(50);
    // A red diagonal, and the blue pair twice.
    expect(count(html, 'fill="#b2182b"')).toBeGreaterThanOrEqual(20);
    expect(count(html, 'fill="#2166ac"')).toBeGreaterThanOrEqual(2);
  });

  test('puts the worst inflation first, and draws quartiles on the scale of each column', async () => {
    const { json } = await make({ sections: ['correlation', 'statistics'] }, INPUTS, 'order');
    const [, vif, statistics] = json.sections as unknown as Section[];
    expect(vif!.tables[0]!.rows).toEqual([
      ['twin', null],
      ['income', 12],
      ['age', 1.5],
    ]);
    // The column "income" is constant and has no box.
    expect(statistics!.charts).toMatchObject([
      {
        kind: 'box',
        names: ['age'],
        boxes: [
          [
            0,
            expect.closeTo(6.876543211 / 36),
            expect.closeTo(16.876543211 / 36),
            expect.closeTo(26.876543211 / 36),
            1,
          ],
        ],
      },
    ]);
    expect(statistics!.notes).toHaveLength(2);
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
