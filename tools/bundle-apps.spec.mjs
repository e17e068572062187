import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { areCurrent, inputsOf, withoutOwnRequire } from './bundle-apps.mjs';

const BUILT = Date.parse('2026-01-01');
let dist;

const put = (path, text, ms = BUILT) => {
  mkdirSync(dirname(join(dist, path)), { recursive: true });
  writeFileSync(join(dist, path), text);
  utimesSync(join(dist, path), ms / 1000, ms / 1000);
};

beforeEach(() => {
  dist = join(mkdtempSync(join(tmpdir(), 'bundles-')), 'dist');
  for (const app of ['api', 'status-listener', 'compute-worker']) put(`apps/${app}/main.mjs`, '');
  for (const path of ['cli/bundle/main', 'party-node/bundle/main', 'party-node/bundle/run-offer-process'])
    put(`apps/${path}.mjs`, '');
  put('libs/compute/parties/party-process.mjs', '');
  for (const folder of ['libs/a', 'migrations', 'clients/a']) put(`${folder}/x.js`, '');
  put('.bundle-stamp', inputsOf(dist));
});
afterEach(() => rmSync(dirname(dist), { recursive: true }));

test('bundles are current while what they are made of is the same', () => {
  expect(areCurrent(dist)).toBe(true);
  put('apps/console/assets/x.js', '');
  expect(areCurrent(dist)).toBe(true);
});

// Earlier ones are those of an older dist that was copied, or of a clock that was set back.
test.each([-1_000, 1_000])('a file of %d ms later makes them anew', (ms) => {
  put('libs/a/x.js', '', BUILT + ms);
  expect(areCurrent(dist)).toBe(false);
});

test('so do a file of another size, one more and one less', () => {
  put('libs/a/x.js', ' ');
  expect(areCurrent(dist)).toBe(false);
  put('libs/a/x.js', '');
  expect(areCurrent(dist)).toBe(true);
  put('libs/a/y.js', '');
  expect(areCurrent(dist)).toBe(false);
  for (const name of ['x', 'y']) rmSync(join(dist, `libs/a/${name}.js`));
  expect(areCurrent(dist)).toBe(false);
});

test.each(['.bundle-stamp', 'apps/api/main.mjs', 'apps/cli/bundle', 'libs/compute/parties'])(
  'without %s they are not',
  (path) => {
    rmSync(join(dist, path), { recursive: true });
    expect(areCurrent(dist)).toBe(false);
  },
);

test('packages that were installed afterwards make them anew', () => {
  put('../node_modules/.package-lock.json', '');
  expect(areCurrent(dist)).toBe(false);
});

test('a package that asks for others by a require of its own asks the bundle, or nothing is bundled', () => {
  const path = '/x/node_modules/@nestjs/typeorm/dist/a.js';
  const own = 'const require = createRequire(import.meta.url);';
  expect(withoutOwnRequire(path, `${own}require('a')`)).toBe(`require('a')`);
  expect(withoutOwnRequire(path, 'x')).toBe('x');
  expect(withoutOwnRequire('/x/a.js', own)).toBe(own);
  const otherwise = own.replace('require', 'load');
  expect(() => withoutOwnRequire(path, otherwise)).toThrow('it would load packages twice');
});
