import { beforeEach, describe, expect, it } from '@jest/globals';
import { Intake } from './intake.js';

describe('the intake of a worker', () => {
  let now = 0;
  let waiting = 0;
  let intake: Intake;
  let looks = 0;
  /** Looks that have no answer yet. */
  let open = 0;
  const depth = async (type: string) => {
    looks += 1;
    expect(++open).toBe(1);
    await Promise.resolve();
    open -= 1;
    return { waiting: 0, prioritized: type === 'psi' ? waiting : 0, active: 0 };
  };
  beforeEach(() => {
    waiting = 1;
    intake = new Intake({ psi: 1, report: 2 }, { depth }, () => now);
  });
  const after = (seconds: number): Promise<string[]> => {
    now += seconds * 1_000;
    return intake.stuck();
  };

  it('is stuck when jobs wait beside a free slot for half a minute', async () => {
    expect(await after(0)).toEqual([]);
    expect(await after(29)).toEqual([]);
    expect(await after(2)).toEqual(['psi']);
  });

  it('is not for jobs that are seen for the first time, however long nobody asked', async () => {
    expect(await after(3_600)).toEqual([]);
  });

  it('is not when it takes jobs, or has no slot for more', async () => {
    await after(0);
    const left = intake.took('psi');
    expect(await after(31)).toEqual([]);
    expect(await after(31)).toEqual([]);
    left();
    expect(await after(20)).toEqual([]);
    expect(await after(31)).toEqual(['psi']);
  });

  it('looks at its queues once in 20 s, however often it is asked', async () => {
    looks = 0;
    for (let asked = 0; asked < 40; asked += 1) await after(1);
    expect(looks).toBe(2 * 2);
  });

  it('is not when the queue was empty meanwhile', async () => {
    await after(0);
    waiting = 0;
    await after(20);
    waiting = 1;
    expect(await after(20)).toEqual([]);
  });
});
