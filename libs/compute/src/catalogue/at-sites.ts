import { isMap } from '../contract/json-values.js';
import type { IsOpen } from '../contract/task-runner.js';
import type { ParamFault, TaskParams } from '../contract/task-type.js';

/** `sf_init_config.address` of a task whose parties run at their own sites. */
const NODE = 'node';

/** Types whose runs over sites are tested against runs on one machine, and whether a dealer takes part. */
const NEEDS_DEALER: Readonly<Record<string, boolean>> = {
  pearson_correlation: true,
  psi: false,
  psi_count: false,
  ss_lr: true,
};
export const SITE_TYPES: readonly string[] = Object.keys(NEEDS_DEALER);

/** Whether the parties of a task run at their own sites, which the control plane offers it to. */
export const isAtSites = (params: unknown): boolean =>
  isMap(params) && isMap(params.sf_init_config) && params.sf_init_config.address === NODE;

/** The dealer that a task names, whose site takes part. */
export function dealerOf({ sf_init_config: init }: TaskParams): string | undefined {
  return typeof init?.dealer === 'string' ? init.dealer : undefined;
}

/** Faults of `sf_init_config` of a task at sites. */
export function siteFaults(
  type: string,
  { engine, sf_init_config: init }: Partial<TaskParams>,
  isOpen: IsOpen,
): ParamFault[] {
  const faults: ParamFault[] = [];
  const add = (field: string, message: string): void =>
    void faults.push({ pointer: `/sf_init_config/${field}`, message });
  if (!isMap(init) || init.address !== NODE) return faults;
  const { dealer, parties } = init;
  if (!SITE_TYPES.includes(type)) add('address', `must be "local" or absent: sites run ${SITE_TYPES.join(', ')} alone`);
  else if (engine !== undefined && engine !== 'native')
    add('address', 'must be "local" or absent, or the engine "native": sites run no other one');
  else if (NEEDS_DEALER[type]! && dealer === undefined)
    add('dealer', `is required: the name of the dealer whose site takes part in ${type}`);
  else if (!NEEDS_DEALER[type]! && dealer !== undefined) add('dealer', `must be absent: ${type} has no dealer`);
  const names = isMap(parties) ? Object.keys(parties) : Array.isArray(parties) ? (parties as unknown[]) : [];
  if (dealer !== undefined && !isOpen(dealer) && (typeof dealer !== 'string' || names.includes(dealer)))
    add('dealer', 'must be the name of a dealer that is no party of the task');
  if (names.length === 1) add('parties', 'must name two parties or more: a task of one party needs no sites');
  return faults;
}
