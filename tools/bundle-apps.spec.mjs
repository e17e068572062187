import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { areCurrent } from './bundle-apps.mjs';

const BEGUN = Date.parse('2100-01-01');
let dist;

const put = (path, text, ms) => {
  mkdirSync(dirname(join(dist, path)), { recursive: true });
  writeFileSync(join(dist, path), text);
  utimesSync(join(dist, path), ms / 1000, ms / 1000);
};

beforeEach(() => {
  dist = join(mkdtempSync(join(tmpdir(), 'bundles-')), 'dist');
  for (const app of ['api', 'status-listener', 'compute-worker']) put(`apps/${app}/main.mjs`, '', BEGUN + 5_000);
  put('libs/compute/parties/party-process.mjs', '', BEGUN + 5_000);
  for (const folder of ['libs/a', 'migrations', 'clients/a']) put(`${folder}/x.js`, '', BEGUN - 5_000);
  put('.bundle-stamp', String(BEGUN), BEGUN + 5_000);
});
afterEach(() => rmSync(dirname(dist), { recursive: true }));

test('bundles are current while nothing was built after they were begun', () => {
  expect(areCurrent(dist)).toBe(true);
  put('apps/console/assets/x.js', '', BEGUN + 1);
  expect(areCurrent(dist)).toBe(true);
  // Written while they were made: they may hold what it was before.
  put('libs/a/x.js', '', BEGUN + 1);
  expect(areCurrent(dist)).toBe(false);
});

test.each(['.bundle-stamp', 'apps/api/main.mjs', 'libs/compute/parties'])('without %s they are not', (path) => {
  rmSync(join(dist, path), { recursive: true });
  expect(areCurrent(dist)).toBe(false);
});

test('packages that were installed afterwards make them anew', () => {
  put('../node_modules/.package-lock.json', '', BEGUN + 1);
  expect(areCurrent(dist)).toBe(false);
});
