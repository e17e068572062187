import type { Fault } from './fault.js';
import { clockSteps } from './clock-faults.js';
import { failpoints, killRandom } from './kill-faults.js';
import { order, races } from './order-faults.js';
import { cutAfterCommit, postgresRestarts, redisLost } from './outage-faults.js';
import { poison, waiting } from './poison-faults.js';
import { rolling, stopped } from './stop-faults.js';
import { halfOpen } from './way-faults.js';

/** The faults of the proof, in their order. */
export const FAULTS: readonly Fault[] = [
  killRandom,
  failpoints,
  redisLost,
  postgresRestarts,
  cutAfterCommit,
  stopped,
  order,
  races,
  poison,
  waiting,
  rolling,
  halfOpen,
  clockSteps,
];
