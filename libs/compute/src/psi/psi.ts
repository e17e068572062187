import type { Unresolved } from '../contract/config-type.js';
import { defineTask } from '../contract/define-task.js';
import { isMap } from '../contract/json-values.js';
import { psiSchema, type PsiConfig } from './psi-config.js';
import type { ParamFault } from '../contract/task-type.js';

/** Private set intersection of two parties (SecretFlow's `psi`), by ECDH on Curve25519. */
export const psi = defineTask({
  type: 'psi',
  title: 'Private set intersection',
  description:
    'Finds the rows whose keys both parties have, and writes each party its own rows of the intersection, aligned by key. ' +
    'Semi-honest model: a malicious party could use keys that it does not have.',
  configSchema: psiSchema,
  leaves:
    'Blinded curve points, the number of rows and the kind of each key column. The receiver learns the intersection, and in its party_results the size; without one both parties do. Rows of a claimed party that it chooses are marked: figures of under 20 of them, or of two sets that differ by under 20, are refused to others. A key of several columns, or of others than chose the rows, is refused unless the policy of a claimed party names it.',
  needsParties: true,
  check,
  load: async () => (await import('./psi-run.js')).runPsi,
});

function check(config: Unresolved<PsiConfig>): ParamFault[] {
  const faults: ParamFault[] = [];
  const { keys, input_paths: inputs, receiver } = config;
  if (isMap(inputs) && Object.keys(inputs).length !== 2) {
    faults.push({ pointer: '/input_paths', message: 'must name exactly two parties for ECDH_PSI_2PC' });
  }
  if (isMap(inputs) && typeof receiver === 'string' && !receiver.includes('${') && !Object.hasOwn(inputs, receiver)) {
    faults.push({ pointer: '/receiver', message: `must be one of ${Object.keys(inputs).join(', ')}` });
  }
  if (isMap(keys) && isMap(inputs)) {
    for (const party of Object.keys(inputs)) {
      if (!(party in keys))
        faults.push({ pointer: `/keys/${party}`, message: 'is required: name the key columns of this party' });
    }
    const lists = Object.values(keys).filter(Array.isArray);
    if (new Set(lists.map((list) => list.length)).size > 1) {
      faults.push({ pointer: '/keys', message: 'must name as many columns for each party' });
    }
  }
  return faults;
}
