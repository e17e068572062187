import { type InputFault, pointer, quoted } from '#libs/chain-domain';
import { dealerOf, isAtSites } from '#libs/compute';
import { partiesOf } from '#libs/consent';
import { joinedSites, type Queryable } from '#libs/repositories';
import type { TaskInput } from './chain-reading.js';

/** Parties and dealers of tasks at sites that have no site: nobody could be offered the task. */
export async function readSiteFaults(db: Queryable, tasks: readonly TaskInput[]): Promise<InputFault[]> {
  const atSites = tasks.filter(({ params }) => isAtSites(params));
  if (atSites.length === 0) return [];
  const joined = await joinedSites(db);
  const has = (name: string, dealer: boolean): boolean =>
    joined.some((site) => site.party === name && site.dealer === dealer);
  return atSites.flatMap(({ taskId, position, params }) => {
    const fault = (field: string, name: string, what: string, option: string): InputFault => ({
      code: 'SITE_UNKNOWN',
      pointer: pointer('tasks', position, 'task_params', 'sf_init_config', field),
      message: `Task ${quoted(taskId)}: no site of the ${what} ${quoted(name)} has joined, or its certificate has ended. Invite it with "task-chain parties invite ${name}${option}", or leave out sf_init_config.address: then all parties run at the worker.`,
    });
    const missing = partiesOf(params).filter((party) => !has(party, false));
    const dealer = dealerOf(params);
    return [
      ...missing.map((party) => fault('parties', party, 'party', '')),
      ...(dealer === undefined || has(dealer, true) ? [] : [fault('dealer', dealer, 'dealer', ' --dealer')]),
    ];
  });
}
