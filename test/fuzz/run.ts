/** The long form: `npm run fuzz -- [--requests 20000] [--seed 1]`. Ends with code 1 where an answer may not be. */
import { parseArgs } from 'node:util';
import { Campaign } from './campaign.js';

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '20000' }, seed: { type: 'string' } },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
process.stdout.write(`seed ${seed}\n`);
const campaign = new Campaign();
const begun = performance.now();
try {
  await campaign.start();
  const outcome = await campaign.run(Number(values.requests), seed);
  process.stdout.write(`${JSON.stringify(outcome)} in ${((performance.now() - begun) / 1_000).toFixed(0)} s\n`);
} catch (error) {
  process.stdout.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
} finally {
  await campaign.stop();
}
