import type { Fault } from './fault.js';
import { clockSteps } from './clock-faults.js';
import { failpoints, killRandom } from './kill-faults.js';
import { frozen } from './freeze-faults.js';
import { outOfMemory } from './memory-faults.js';
import { order, races } from './order-faults.js';
import { cutAfterCommit, postgresRestarts, redisLost } from './outage-faults.js';
import { pairs } from './pair-faults.js';
import { poison, waiting } from './poison-faults.js';
import { crowded, slowDisk, truncatedAof } from './store-faults.js';
import { restored, upgraded } from './release-faults.js';
import { rolling, stopped } from './stop-faults.js';
import { heldVacuum } from './vacuum-faults.js';
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
  pairs,
  frozen,
  truncatedAof,
  crowded,
  slowDisk,
  outOfMemory,
  heldVacuum,
  upgraded,
  restored,
];
