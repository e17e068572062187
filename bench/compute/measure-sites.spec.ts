import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { measureAtSites } from './measure-sites.js';
import { simulatedLink } from './simulated-link.js';
import { tableCases } from './table-cases.js';

describe('a simulated connection', () => {
  test('brings all bytes in order, no sooner than its delay and its width allow, and counts them', async () => {
    let counted = 0;
    const [near, far] = simulatedLink({ delayMs: 30, bytesPerSecond: 1e6 }, (bytes) => (counted += bytes));
    const sent = Buffer.from(Array.from({ length: 50_000 }, (_, at) => at % 251));
    const began = performance.now();
    const heard: Buffer[] = [];
    let cameAt = 0;
    far.on('data', (chunk: Buffer) => {
      heard.push(chunk);
      cameAt = performance.now();
    });
    near.write(sent);
    near.end();
    await once(far, 'end');
    // 50 ms until the last byte has left, and 30 ms on its way.
    expect(cameAt - began).toBeGreaterThanOrEqual(79);
    expect(Buffer.concat(heard).equals(sent)).toBe(true);
    expect(counted).toBe(sent.byteLength);
    far.write('back');
    const [answer] = (await once(near, 'data')) as [Buffer];
    expect([String(answer), counted]).toEqual(['back', sent.byteLength + 4]);
  });
});

test('a task with a dealer waits for delays between its sites, and what they say is counted', async () => {
  const { rows, parties, seconds, delays, megabytes } = await measureAtSites(
    tableCases(600).find(({ type }) => type === 'pearson_correlation')!,
  );
  expect([rows, parties, seconds.length]).toEqual([600, 2, 3]);
  // Six at least: the keys' counts, the products, what is opened. A crowded machine adds some.
  expect(delays).toBeGreaterThanOrEqual(6);
  expect(megabytes).toBeGreaterThan(0.01);
});
