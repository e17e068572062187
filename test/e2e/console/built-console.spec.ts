import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const BUILT = join(ROOT, 'dist', 'apps', 'console');
const page = readFileSync(join(BUILT, 'index.html'), 'utf8');
const fileOf = (name: string) =>
  join(
    BUILT,
    'assets',
    readdirSync(join(BUILT, 'assets')).find((file) => file.startsWith(name))!,
  );

describe('the built console', () => {
  it('loads less than 500 KB, compressed by gzip, before it shows its first page', () => {
    const files = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+\.(?:js|css|svg))"/g)].map(([, path]) => path!);
    expect(files.length).toBeGreaterThanOrEqual(3);
    const bytes = files.reduce((sum, file) => sum + statSync(join(BUILT, `${file}.gz`)).size, 0);
    expect(bytes).toBeLessThan(500_000);
  });

  it('reads Parquet files by no WebAssembly, which its policy refuses, and names what it reads them by', () => {
    const worker = readFileSync(fileOf('parquet-worker-'), 'utf8');
    expect(worker).toContain('unsupported compression codec');
    expect(worker).not.toContain('WebAssembly');
    expect(readFileSync(fileOf('licences-'), 'utf8')).toContain('fzstd 0.1.1: MIT');
  });

  it('ships elkjs as it was published, and says where its source is', () => {
    const published = readFileSync(join(ROOT, 'node_modules', 'elkjs', 'lib', 'elk-worker.min.js'));
    expect(readFileSync(fileOf('elk-worker.min-')).equals(published)).toBe(true);
    const licences = readFileSync(fileOf('licences-'), 'utf8');
    for (const text of [
      'elkjs 0.12.1',
      'https://github.com/kieler/elkjs',
      'Eclipse Public License - v 2.0',
      'react 19.3.1: MIT',
    ]) {
      expect(licences).toContain(text);
    }
    expect(page).toMatch(/<link rel="license" href="\/assets\/licences-[\w-]+\.txt">/);
  });
});
