import { after, before, describe, it } from 'node:test';
import { expect } from 'expect';
import { BOTH } from './fault.js';
import { FAULTS } from './faults.js';
import { Services } from './services.js';

/** The same every time; the long form takes others. */
const SEED = 20_251_125;
const TIMEOUT_MS = 300_000;

/** Declares the short forms of some faults as tests, on each backend where they say something. */
export async function declareShortForms(...numbers: readonly number[]): Promise<void> {
  for (const kind of BOTH) {
    const faults = FAULTS.filter(({ number, backends, shortOn = backends }) => {
      return numbers.includes(number) && shortOn.includes(kind);
    });
    if (faults.length === 0) continue;
    const skip = await Services.skip(kind);
    describe(`faults on ${kind}`, { skip }, () => {
      let services: Services;
      before(async () => {
        services = await Services.start(kind);
      });
      after(() => services.stop());
      for (const fault of faults) {
        it(`${fault.number}: ${fault.name}`, { timeout: TIMEOUT_MS }, async () => {
          const { lost, stuck, violations } = await fault.run({
            services,
            long: false,
            seed: SEED,
            say: () => undefined,
          });
          expect({ lost, stuck, violations }).toEqual({ lost: 0, stuck: 0, violations: [] });
        });
      }
    });
  }
}
