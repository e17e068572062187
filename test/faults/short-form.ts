import { afterAll, beforeAll, expect } from '@jest/globals';
import { describeUnless, itUnless } from '#libs/testing';
import { BOTH } from './fault.js';
import { FAULTS } from './faults.js';
import { Services } from './services.js';

/** The same every time; the long form takes others. */
const SEED = 20_251_125;

/** Declares the short forms of some faults as tests, on each backend where they say something. */
export async function declareShortForms(...numbers: readonly number[]): Promise<void> {
  for (const kind of BOTH) {
    const faults = FAULTS.filter(({ number, backends, shortOn = backends }) => {
      return numbers.includes(number) && shortOn.includes(kind);
    });
    if (faults.length === 0) continue;
    const skip = await Services.skip(kind);
    const skips = new Map(
      await Promise.all(faults.map(async (fault) => [fault, (await fault.skip?.()) ?? false] as const)),
    );
    describeUnless(skip, `faults on ${kind}`, () => {
      let services: Services;
      beforeAll(async () => {
        services = await Services.start(kind);
      });
      afterAll(() => services.stop());
      for (const fault of faults) {
        itUnless(skips.get(fault)!, `${fault.number}: ${fault.name}`, async () => {
          const { lost, stuck, doubled, violations } = await fault.run({
            services,
            long: false,
            seed: SEED,
            say: () => undefined,
          });
          expect({ lost, stuck, doubled, violations }).toEqual({ lost: 0, stuck: 0, doubled: 0, violations: [] });
        });
      }
    });
  }
}
