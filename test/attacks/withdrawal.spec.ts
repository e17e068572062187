import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { describeUnless } from '#libs/testing';
import { chain, describeSystem, eventually, taskOf } from '../integration/system/index.js';
import { allow, decide, put, scene, work } from './two-owners.js';

const noLinux = process.platform !== 'linux' && 'only Linux shows processes in /proc';
const ROWS = 2_000;

describeUnless(noLinux, 'a withdrawal', () => {
  describeSystem('while a task runs', 'postgres', {}, (check, system) => {
    check('ends it and its processes within 5 s', async () => {
      const { a, b } = await scene(system);
      for (const [side, columns] of [
        [a, 'x1,x2'],
        [b, 'y,z'],
      ] as const) {
        const rows = Array.from({ length: ROWS }, (_, i) => `${i % 2},${(i * 7) % 100}\n`);
        writeFileSync(join(system.dataRoot, side.party, 'numbers.csv'), `${columns}\n${rows.join('')}`);
        await put(side, await side.owner.sign(await side.owner.dataset('customers', 'numbers.csv', 2)));
        await allow(side, { task_types: ['ss_lr'] });
      }
      const numbers = ({ party }: typeof a) => `dataset:${party}/customers@2`;
      const training = work('ss_lr', [a.party, b.party], {
        train_data: { [a.party]: numbers(a), [b.party]: numbers(b) },
        features: { [a.party]: ['x2'], [b.party]: ['z'] },
        ...{ label: 'y', label_party: b.party },
        params: { epochs: 1_000, batch_size: 16, learning_rate: 0.001 },
      });
      const id = await b.api.start(chain([training]));
      const parties = () => childrenOf(system.app('compute-worker').pid);
      await system.api.until(id, 'it is training', (now) => taskOf(now, 'only').progress > 0.001);
      expect(parties().length).toBeGreaterThanOrEqual(2);

      const began = performance.now();
      await decide(a, id, 'only', 'withdraw');
      await eventually('no process works for the task', () => parties().length === 0 || undefined);
      const took = performance.now() - began;
      const { error } = taskOf(await system.api.ended(id), 'only');
      expect(error).toMatchObject({ code: 'POLICY_REFUSED' });
      expect(took).toBeLessThan(5_000);
    });
  });
});

/** Processes that this one started. */
function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const [state, of] = readFileSync(`/proc/${name}/stat`, 'latin1').split(') ').at(-1)!.split(' ');
        return of === String(parent) && state !== 'Z';
      } catch {
        return false; // It has ended since.
      }
    })
    .map(Number);
}
