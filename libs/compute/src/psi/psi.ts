import type { Unresolved } from '../contract/config-type.js';
import { defineTask } from '../contract/define-task.js';
import { isMap } from '../contract/json-values.js';
import { keysFaults } from './keys-faults.js';
import { psiSchema, type PsiConfig } from './psi-config.js';
import type { ParamFault } from '../contract/task-type.js';

const MOST_PARTIES = 10;
const OF_TWO = ['ECDH_PSI_2PC', 'ECDH_OPRF_UB_PSI_2PC', 'KKRT_PSI_2PC'];

/** Private set intersection (SecretFlow's `psi`): of two parties by ECDH or an OPRF on Curve25519 or by oblivious transfers, of more by programmed OPRFs on it. */
export const psi = defineTask({
  type: 'psi',
  title: 'Private set intersection',
  description:
    'Finds the rows whose keys all parties have, and writes each party its own rows of the intersection, aligned by key. Of two parties it also joins left or right, or writes the rows that the other lacks. ' +
    'Semi-honest model: a malicious party could use keys that it does not have.',
  configSchema: psiSchema,
  leaves:
    'Blinded curve points (by ECDH_OPRF_UB_PSI_2PC of one party alone, of the other pseudo-random values of its keys; by KKRT_PSI_2PC of the receiver, or of the first party by name without one, a matrix masked by oblivious transfers, and of the other pseudo-random values of its keys, of which without a receiver it learns which are common), the number of rows and the kind of each key column. The receiver learns the intersection, and in its party_results the size; without one all parties do. Of three parties and more nobody learns what some of them have in common; tables of random values cross as well. KKRT_PSI_2PC is for parties that follow the protocol (semi-honest): a malicious receiver could test more keys than it has rows. Of a left or right join the party that gets nulls learns it alone, of a difference left_party. Rows of a claimed party that it chooses are marked: figures of under 20 of them, or of two sets that differ by under 20, are refused to others. A key of several columns, or of others than chose the rows, is refused unless the policy of a claimed party names it.',
  needsParties: true,
  check,
  load: async () => (await import('./psi-run.js')).runPsi,
});

function check(config: Unresolved<PsiConfig>): ParamFault[] {
  const most =
    OF_TWO.includes(config.protocol ?? '') || ['left', 'right', 'difference'].includes(config.join ?? '')
      ? 2
      : MOST_PARTIES;
  const many = most === 2 ? `exactly two parties for ${OF_TWO.join(', ')} and for joins` : `two to ${most} parties`;
  const faults = [...keysFaults(config, most, many), ...joinFaults(config)];
  if (config.protocol === 'KMPRT_PSI_NPC' && isMap(config.input_paths) && Object.keys(config.input_paths).length === 2)
    faults.push({ pointer: '/protocol', message: 'is for three parties and more: leave it out, or take ECDH_PSI_2PC' });
  if (config.protocol === 'ECDH_OPRF_UB_PSI_2PC' && (config.join ?? 'inner') === 'inner') {
    const { receiver, broadcast_result: broadcast } = config;
    const message =
      'is for one party that learns the intersection: name the `receiver`, best the one with the small table';
    if (receiver === undefined || broadcast === true) faults.push({ pointer: '/protocol', message });
  }
  return faults;
}

/** A join but the inner one opens the intersection to one party, which follows from it. */
function joinFaults({
  join,
  left_party: left,
  receiver,
  broadcast_result: broadcast,
}: Unresolved<PsiConfig>): ParamFault[] {
  const isOpen = (value: unknown): boolean => typeof value === 'string' && value.includes('${');
  if (isOpen(join)) return [];
  if (join === undefined || join === 'inner') {
    if (left === undefined) return [];
    return [{ pointer: '/left_party', message: 'goes with the join left, right or difference' }];
  }
  const faults: ParamFault[] = [];
  if (left === undefined) faults.push({ pointer: '/left_party', message: `is required for the join ${join}` });
  if (broadcast === true) {
    const message = `must not be true for the join ${join}: it opens the intersection to one party`;
    faults.push({ pointer: '/broadcast_result', message });
  }
  if (receiver === undefined || left === undefined || isOpen(receiver) || isOpen(left)) return faults;
  if ((receiver === left) === (join === 'left')) {
    const who = join === 'left' ? 'the other party than left_party' : 'left_party';
    faults.push({ pointer: '/receiver', message: `must be absent or ${who}, which alone learns the intersection` });
  }
  return faults;
}
