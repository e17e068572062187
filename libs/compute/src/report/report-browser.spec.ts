import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describeUnless, openTestBrowser } from '#libs/testing';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { Json } from '../contract/task-type.js';
import { HOSTILE, INPUTS, LONG_NAMES, resultsNamed } from './inputs-for-tests.js';
import { runReport } from './report-run.js';

const { browser, skip, close } = await openTestBrowser();

/** Pages as a reader gets them: plain, in Chinese, and with the worst of names. */
const CASES: readonly { name: string; language: 'en' | 'zh'; title: string; inputs: Record<string, Json> }[] = [
  { name: 'plain', language: 'en', title: 'Two hospitals', inputs: INPUTS },
  { name: 'chinese', language: 'zh', title: '两家医院的联合信用评分报告', inputs: INPUTS },
  { name: 'hostile', language: 'en', title: HOSTILE, inputs: resultsNamed([HOSTILE, ...LONG_NAMES]) },
];
/** A small phone, and A4 less its margins. */
const PHONE = { width: 360, height: 740 };
const PAPER = { width: 700, height: 1000 };

describeUnless(skip, 'a report in a browser', () => {
  let folder: TestFolder;
  const files = new Map<string, string>();
  beforeAll(async () => {
    folder = await testFolder();
    for (const { name, language, title, inputs } of CASES) {
      const { result } = await runReport(folder.run({ title, language }, { inputs, taskId: name }));
      files.set(name, join(folder.path, 'artifacts', String(result.report_html).slice('artifact:'.length)));
    }
  });
  afterAll(async () => {
    await close();
    await folder?.remove();
  });

  /** Opens a page, and lists all that it asked for, said or ran. */
  async function open(name: string, viewport: { width: number; height: number }): Promise<[Page, string[]]> {
    const page = await browser.newPage({ viewport, deviceScaleFactor: 1, offline: true });
    const noise: string[] = [];
    const url = pathToFileURL(files.get(name)!).href;
    page.on('request', (request) => request.url() === url || noise.push(`asked for ${request.url()}`));
    page.on('console', (message) => noise.push(message.text()));
    page.on('pageerror', (error) => noise.push(error.message));
    page.on('dialog', (dialog) => {
      noise.push(`said ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(url);
    return [page, noise];
  }

  for (const { name, title } of CASES) {
    test(`${name}: fits a phone of 360 pixels, and its plots can be read there`, async () => {
      const [page, noise] = await open(name, PHONE);
      const seen = await page.evaluate<Seen>(MEASURE);
      expect(seen.pageWidth).toBeLessThanOrEqual(PHONE.width);
      expect(seen.beyond).toEqual([]);
      expect(seen.plots).toBeGreaterThan(5);
      expect(seen.smallestPlotText).toBeGreaterThanOrEqual(8);
      expect(seen.cutPlotTexts).toEqual([]);
      expect(await page.title()).toBe(title);
      expect(noise).toEqual([]);
      await page.close();
    });

    test(`${name}: fits on paper, with dark figures on white also where the reader likes it dark`, async () => {
      const [page, noise] = await open(name, PAPER);
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
      const seen = await page.evaluate<Seen>(MEASURE);
      expect(seen.pageWidth).toBeLessThanOrEqual(PAPER.width);
      expect(seen.colors).toEqual({ background: 'rgb(255, 255, 255)', text: 'rgb(0, 0, 0)' });
      expect(seen.contentsShown).toBe(false);
      const pdf = await page.pdf({ format: 'A4', printBackground: true });
      expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
      expect(noise).toEqual([]);
      await page.close();
    });
  }

  test('is dark where the reader likes it dark, and its contents lead to its sections', async () => {
    const [page, noise] = await open('plain', PHONE);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect((await page.evaluate<Seen>(MEASURE)).colors).toEqual({
      background: 'rgb(21, 23, 26)',
      text: 'rgb(230, 230, 230)',
    });
    await page.locator('nav a').last().click();
    const last = `document.querySelector('main section:last-child')`;
    expect(await page.evaluate<number>(`${last}.getBoundingClientRect().top`)).toBeLessThan(PHONE.height);
    expect(noise).toEqual([]);
    await page.close();
  });
});

interface Seen {
  readonly pageWidth: number;
  /** Elements that stick out of the window and are not in a table that scrolls by itself. */
  readonly beyond: readonly string[];
  readonly plots: number;
  readonly smallestPlotText: number;
  /** Texts of plots that are not wholly within their plot. */
  readonly cutPlotTexts: readonly string[];
  readonly colors: { readonly background: string; readonly text: string };
  readonly contentsShown: boolean;
}

// Text, since this project's own programs know no document.
const MEASURE = `(() => {
  const width = document.documentElement.clientWidth;
  const texts = [...document.querySelectorAll('svg text')];
  const sizeOf = (text) => {
    const matrix = text.getScreenCTM();
    return parseFloat(getComputedStyle(text).fontSize) * Math.hypot(matrix.a, matrix.b);
  };
  const sticksOut = (inner, outer) => inner.left < outer.left - 1 || inner.right > outer.right + 1;
  const body = getComputedStyle(document.body);
  return {
    pageWidth: document.documentElement.scrollWidth,
    beyond: [...document.body.querySelectorAll('*')]
      .filter((each) => !each.closest('.scroll table, svg *') && sticksOut(each.getBoundingClientRect(), { left: 0, right: width }))
      .map((each) => each.tagName + ' ' + each.textContent.slice(0, 40)),
    plots: document.querySelectorAll('svg').length,
    smallestPlotText: Math.min(...texts.map(sizeOf)),
    cutPlotTexts: texts
      .filter((text) => sticksOut(text.getBoundingClientRect(), text.closest('svg').getBoundingClientRect()))
      .map((text) => text.textContent),
    colors: { background: body.backgroundColor, text: body.color },
    contentsShown: getComputedStyle(document.querySelector('nav')).display !== 'none',
  };
})()`;
