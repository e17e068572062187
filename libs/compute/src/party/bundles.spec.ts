import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { itUnless } from '#libs/testing';
import { NO_BUNDLES } from './bundles-for-tests.js';
import { placeInSources, placesOfProgram, startUnbundled } from './bundles.js';

const sources = fileURLToPath(new URL('../', import.meta.url));

/** The modules that runs start as programs. */
function programs(): URL[] {
  const runs = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('-run.js'));
  return runs.flatMap((path) => {
    const place = join(sources, path);
    const named = readFileSync(place, 'utf8').matchAll(/new URL\('(\.\/[\w-]+\.js)', import\.meta\.url\)/g);
    return [...named].map(([, name]) => pathToFileURL(join(dirname(place), name!)));
  });
}

itUnless(NO_BUNDLES, 'every program that a run names has a bundle, whose entry is bundled as well', () => {
  expect(programs().length).toBeGreaterThan(40);
  for (const program of programs()) {
    const places = placesOfProgram(program);
    expect([places.program.pathname, places.entry.pathname]).toEqual([
      expect.stringMatching(/\/compute\/parties\/[\w-]+\.mjs$/),
      expect.stringMatching(/\/compute\/parties\/party-process\.mjs$/),
    ]);
    expect(existsSync(places.program)).toBe(true);
  }
});

test('a program of tests runs as it was built, with the entry as it was built', () => {
  for (const name of ['./programs-for-tests.js', '../../../../test/psi-party.js']) {
    const program = new URL(name, import.meta.url);
    expect(placesOfProgram(program)).toEqual({ entry: new URL('./party-process.js', import.meta.url), program });
  }
});

test('a place that is in no bundle stays as it is', () => {
  for (const line of ['at f (node:fs:1:2)', 'at f (file:///x.mjs:1:2)', 'at async file:///a/b.js:3:4'])
    expect(placeInSources(line)).toBe(line);
});

test('once it is said so, every program runs as it was built', () => {
  startUnbundled();
  for (const program of programs())
    expect(placesOfProgram(program)).toEqual({ entry: new URL('./party-process.js', import.meta.url), program });
});
