import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { measureAtSites } from './measure-sites.js';
import { simulatedLink } from './simulated-link.js';
import { measureScores } from './site-scores.js';
import { measureSiteGoals } from './site-goals.js';
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

test('the goals between sites are those of the time on one machine, the bytes, and the steps of a training', async () => {
  const goals: Parameters<Parameters<typeof measureSiteGoals>[1]>[0][] = [];
  await measureSiteGoals(4_000, (goal) => goals.push(goal));
  const [psi, training] = goals as [(typeof goals)[0], (typeof goals)[0]];
  expect([psi.type, psi.rows, psi.steps]).toEqual(['psi', 4_000, 0]);
  // 12.5 MB a second.
  expect(psi.most).toBeCloseTo(1.2 * psi.local + psi.megabytes / 12.5);
  expect(psi.megabytes).toBeGreaterThan(0.1);
  // 400 rows in steps of 64, which wait for delays of 20 ms.
  expect([training.type, training.rows, training.steps]).toEqual(['ss_lr', 400, 70]);
  expect(training.most).toBeCloseTo(1.2 * (training.local + 70 * 3 * 0.02));
  expect(training.seconds).toBeGreaterThan(training.local + 70 * 0.02);
});

test('a score waits for a message there and one back, and for each of them at each delay', async () => {
  const measured: Parameters<Parameters<typeof measureScores>[1]>[0][] = [];
  await measureScores(60, (each) => measured.push(each));
  expect(measured.map(({ delayMs, scores, most }) => [delayMs, scores, most])).toEqual([
    [0, 60, 10],
    [20, 60, 50],
    [50, 60, 110],
  ]);
  const [near, , far] = measured as [(typeof measured)[0], unknown, (typeof measured)[0]];
  expect(near.half).toBeGreaterThan(0);
  expect(far.half).toBeGreaterThanOrEqual(100);
  // Three messages one after the other would take 150.
  expect(far.half).toBeLessThan(near.half + 150);
  for (const { half, p99 } of measured) expect(p99).toBeGreaterThanOrEqual(half);
});
