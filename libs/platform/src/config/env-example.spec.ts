import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseEnv } from 'node:util';
import { readConfig } from './config.js';

describe('.env.example', () => {
  // Compiled, this file lies five folders below the project's: dist/libs/platform/src/config.
  const text = readFileSync(new URL('../../../../../.env.example', import.meta.url), 'utf8');

  it('shows the defaults', () => {
    expect(readConfig(parseEnv(text) as Record<string, string>)).toEqual(readConfig({}));
  });

  it('names every variable', () => {
    const asked = new Set<string>();
    readConfig(
      new Proxy<Record<string, string>>(
        {},
        { get: (_, name) => (typeof name === 'string' && asked.add(name), undefined) },
      ),
    );
    expect(Object.keys(parseEnv(text))).toEqual(expect.arrayContaining([...asked]));
  });
});
