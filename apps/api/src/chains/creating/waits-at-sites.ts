import { pointer, quoted } from '#libs/chain-domain';
import { isAtSites, roundsAtSites } from '#libs/compute';
import { partiesOf } from '#libs/consent';
import type { TaskInput } from './chain-reading.js';
import type { Sites } from './sites-of-tasks.js';

/** What is worth a look before a chain is created, though it could be. */
export interface Warning {
  readonly code: string;
  readonly pointer: string;
  readonly message: string;
  readonly task_id: string;
  readonly rounds: number;
  readonly delay_ms: number;
  readonly seconds: number;
}

/** Waiting for messages that is worth a warning, s. */
const LONG_SECONDS = 60;

/** The tasks whose parties at their sites would wait for each other's messages for more than a minute. */
export function waitsAtSites(tasks: readonly TaskInput[], sites: Sites): Warning[] {
  return tasks.flatMap(({ taskId, taskType, params, position }) => {
    if (!isAtSites(params)) return [];
    const found = roundsAtSites(taskType, params['task_config']);
    const far = farthestOf(partiesOf(params), sites);
    if (!found || !far) return [];
    const { rounds, rows, fewer } = found;
    const { delay, between } = far;
    const seconds = Math.round((rounds * delay) / 1_000);
    if (seconds <= LONG_SECONDS) return [];
    const supposed = rows === undefined ? '' : ` with ${rows.toLocaleString('en')} rows`;
    const message =
      `Task ${quoted(taskId)}: it takes some ${rounds.toLocaleString('en')} rounds between its sites${supposed}. At ${delay.toFixed(1)} ms from ` +
      `${between.join(' to ')} by way of the control plane, that is ${durationOf(seconds)} of waiting beside its work. ${fewer}; its timeout has to leave time for that.`;
    return [
      {
        ...{ code: 'SLOW_AT_SITES', pointer: pointer('tasks', position, 'task_params'), message, task_id: taskId },
        ...{ rounds, delay_ms: Number(delay.toFixed(1)), seconds },
      },
    ];
  });
}

/** The two parties that are farthest from each other by way of the control plane: a relay is there, and a direct way is hardly longer. */
function farthestOf(
  parties: readonly string[],
  sites: Sites,
): { readonly delay: number; readonly between: readonly string[] } | undefined {
  const known = sites.flatMap(({ party, dealer, revoked_at: revoked, round_trip_ms: ms }) =>
    !dealer && !revoked && ms !== null && parties.includes(party) ? [{ party, ms }] : [],
  );
  const [one, other] = known.sort((a, b) => b.ms - a.ms);
  if (!one || !other) return undefined;
  return { delay: (one.ms + other.ms) / 2, between: [one.party, other.party].sort() };
}

const durationOf = (seconds: number): string =>
  seconds < 120
    ? `${seconds} s`
    : seconds < 7_200
      ? `${Math.round(seconds / 60)} min`
      : `${Math.round(seconds / 3_600)} h`;
