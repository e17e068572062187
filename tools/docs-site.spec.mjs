import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, posix, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'parse5';
import { markdownFiles, pageOf } from '../docs/.vitepress/site-map.mjs';
import { buildSite, SITE } from '../dist/tools/docs-site.js';
import { ROOT } from '../dist/tools/steps.js';

const { itUnless, openTestBrowser } = await import(pathToFileURL(join(ROOT, 'dist/libs/testing/src/index.js')).href);
const { browser, skip, close } = await openTestBrowser();
await buildSite();

const files = readdirSync(SITE, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(SITE, join(entry.parentPath ?? entry.path, entry.name)));
const textOf = (file) => readFileSync(join(SITE, file), 'utf8');
/** Of each page by its address: the ids in it, and what its elements ask for or lead to. */
const pages = new Map(
  files
    .filter((file) => file.endsWith('.html') && !file.startsWith('files/'))
    .map((file) => [`/${file}`, readPage(file)]),
);

function readPage(file) {
  const page = { ids: new Set(), links: [], resources: [], cells: new Set() };
  const walk = (node) => {
    const attributes = Object.fromEntries((node.attrs ?? []).map(({ name, value }) => [name, value]));
    if (attributes.id) page.ids.add(attributes.id);
    if (node.nodeName === 'td' || node.nodeName === 'th') page.cells.add(lettersOf(contentOf(node)));
    if (node.nodeName === 'a' && attributes.href) page.links.push(attributes.href);
    else page.resources.push(...[attributes.src, attributes.href, attributes.srcset].filter(Boolean));
    for (const child of [...(node.childNodes ?? []), ...(node.content?.childNodes ?? [])]) walk(child);
  };
  walk(parse(textOf(file)));
  return page;
}

/** What is compared of a cell: its letters and digits. */
function lettersOf(text) {
  return text.replaceAll(/[^\p{L}\p{N}]/gu, '');
}

function contentOf(node) {
  return node.nodeName === '#text' ? node.value : (node.childNodes ?? []).map(contentOf).join('');
}

/** The cells of the tables of a Markdown file, without marks and the addresses of links. */
function cellsOf(file) {
  const text = readFileSync(join(ROOT, file), 'utf8').replaceAll(/^```.*?^```/gms, '');
  const rows = text.split('\n').filter((line) => line.startsWith('|') && !/^[|\s:-]+$/.test(line));
  return rows
    .flatMap((row) => row.split(/(?<!\\)\|/).slice(1, -1))
    .map((cell) =>
      cell.replaceAll(/`[^`]*`|(?<!\\)<[^>]*>|\]\([^)]*\)/g, (part) => (part.startsWith('`') ? part : '')),
    );
}

/** The page and the anchor that a link of a page leads to; undefined for one that leads out of the site. */
function follow(page, link) {
  if (/^\w+:/.test(link)) return undefined;
  const [path, hash] = link.split('#');
  const target = path ? posix.join(posix.dirname(page), path) : page;
  const full = path.startsWith('/') ? path : target;
  return { page: decodeURI(full.endsWith('/') ? `${full}index.html` : full), hash: hash && decodeURIComponent(hash) };
}

describe('the site of the documentation', () => {
  it('has no dead link and no dead anchor', () => {
    const dead = [...pages].flatMap(([page, { links }]) =>
      links
        .filter((link) => {
          const target = follow(page, link);
          if (!target) return false;
          if (!pages.has(target.page)) return !existsSync(join(SITE, target.page));
          return target.hash !== undefined && target.hash !== '' && !pages.get(target.page).ids.has(target.hash);
        })
        .map((link) => `${page}: ${link}`),
    );
    expect(dead).toEqual([]);
  });

  for (const home of ['/index.html', '/zh-CN/index.html']) {
    it(`leads from ${home} to every page of its language`, () => {
      const reached = new Set([home]);
      for (const page of reached) {
        for (const link of pages.get(page)?.links ?? []) {
          const target = follow(page, link)?.page;
          if (target && pages.has(target)) reached.add(target);
        }
      }
      const chinese = home.startsWith('/zh-CN');
      const own = [...pages.keys()].filter((page) => page.startsWith('/zh-CN/') === chinese && page !== '/404.html');
      expect(own.filter((page) => !reached.has(page))).toEqual([]);
    });
  }

  it('draws every picture of every page', () => {
    const drawn = markdownFiles.map((file) => {
      const blocks = readFileSync(join(ROOT, file), 'utf8').match(/^```mermaid$/gm) ?? [];
      const page = pageOf(file)?.replace(/\.md$/, '.html');
      const found = page ? (textOf(page).match(/<div class="picture[^>]*><svg/g) ?? []) : [];
      return { file, pictures: blocks.length, drawn: found.length };
    });
    expect(drawn.filter(({ pictures, drawn }) => pictures !== drawn)).toEqual([]);
    expect(drawn.reduce((sum, { pictures }) => sum + pictures, 0)).toBeGreaterThan(10);
  });

  it('loses no cell of a table', () => {
    const all = markdownFiles.filter(pageOf).flatMap((file) => {
      const shown = pages.get(`/${pageOf(file).replace(/\.md$/, '.html')}`).cells;
      return cellsOf(file).map((cell) => ({ file, cell, isShown: shown.has(lettersOf(cell)) }));
    });
    expect(all.filter(({ isShown }) => !isShown)).toEqual([]);
    expect(all.length).toBeGreaterThan(3_000);
  });

  it('asks nothing of other hosts', () => {
    const outside = /^(https?:)?\/\//;
    const asked = [...pages].flatMap(([page, { resources }]) =>
      resources.filter((each) => outside.test(each)).map((each) => `${page}: ${each}`),
    );
    for (const file of files.filter((name) => name.endsWith('.css'))) {
      const urls = [...textOf(file).matchAll(/(?:url\(|@import )["']?([^"')]+)/g)].map(([, url]) => url);
      asked.push(...urls.filter((url) => outside.test(url)));
    }
    expect(asked).toEqual([]);
  });

  it('has every operation and every schema of openapi.json, in both languages', () => {
    const openapi = JSON.parse(readFileSync(join(ROOT, 'openapi.json'), 'utf8'));
    const operations = Object.values(openapi.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId, tags }) => [`${tags[0].replaceAll(' ', '-')}`, operationId]),
    );
    const wanted = [...operations, ...Object.keys(openapi.components.schemas).map((name) => ['schemas', name])];
    for (const folder of ['/api', '/zh-CN/api']) {
      expect(wanted.filter(([page, id]) => !pages.get(`${folder}/${page}.html`)?.ids.has(id))).toEqual([]);
    }
  });
});

describe('the site in a browser', () => {
  const server = createServer((request, response) => {
    const path = decodeURI(request.url.split('?')[0]).replace(/\/$/, '/index.html');
    const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };
    if (!existsSync(join(SITE, path))) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': types[extname(path)] ?? 'application/octet-stream' });
    return response.end(readFileSync(join(SITE, path)));
  });
  let origin;
  beforeAll(async () => {
    await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
    origin = `http://127.0.0.1:${server.address().port}`;
  });
  afterAll(async () => {
    await close();
    server.close();
  });

  /** Opens a page; `wrong` gathers requests to elsewhere, answers that are errors, and what the console complains of. */
  async function open(path, colorScheme = 'light') {
    const context = await browser.newContext({ colorScheme });
    const page = await context.newPage();
    const wrong = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(origin) && !request.url().startsWith('data:')) wrong.push(request.url());
    });
    page.on('response', (response) => void (response.status() >= 400 && wrong.push(response.url())));
    page.on('pageerror', (error) => wrong.push(error.message));
    page.on('console', (message) => void (message.type() === 'error' && wrong.push(message.text())));
    await page.goto(origin + path, { waitUntil: 'networkidle' });
    return { page, wrong, done: () => context.close() };
  }

  for (const path of ['/', '/overview.html', '/api/schemas.html', '/tasks/psi.html', '/zh-CN/chain-language.html']) {
    itUnless(skip, `shows ${path} without a word of complaint or a request to elsewhere`, async () => {
      const { page, wrong, done } = await open(path);
      expect(await page.title()).toContain('Task Chain');
      expect(wrong).toEqual([]);
      await done();
    });
  }

  for (const colorScheme of ['light', 'dark']) {
    itUnless(skip, `shows pictures whose words can be read, ${colorScheme}`, async () => {
      const { page, done } = await open('/architecture.html', colorScheme);
      const contrasts = await page.evaluate(contrastsOfPictures);
      expect(contrasts.length).toBeGreaterThan(20);
      expect(Math.min(...contrasts)).toBeGreaterThan(4.5);
      await done();
    });
  }

  for (const [path, words, found] of [
    ['/', 'trigger rules', 'Trigger rules'],
    ['/zh-CN/', '触发规则', '触发规则'],
  ]) {
    itUnless(skip, `finds ${words} from ${path}`, async () => {
      const { page, wrong, done } = await open(path);
      await page.keyboard.press('Control+k');
      await page.locator('.VPLocalSearchBox input').fill(words);
      await page.locator('.VPLocalSearchBox .result', { hasText: found }).first().waitFor();
      expect(wrong).toEqual([]);
      await done();
    });
  }
});

/** In the browser: the contrast of each text of each picture to the page, as WCAG counts it. */
function contrastsOfPictures() {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const luminance = (color) => {
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data]
      .map((value) => value / 255)
      .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const page = luminance(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll('.picture text')].map((text) => {
    const word = luminance(getComputedStyle(text).fill);
    return (Math.max(word, page) + 0.05) / (Math.min(word, page) + 0.05);
  });
}
