import { defineTask } from '../contract/define-task.js';
import { keysFaults } from './keys-faults.js';
import { psiCountSchema } from './psi-count-config.js';

/** The size of the intersection of two parties, for one of them: ECDH-PSI-CA on Curve25519. */
export const psiCount = defineTask({
  type: 'psi_count',
  title: 'Size of an intersection',
  description:
    'Counts the rows whose keys both parties have, and tells one of them how many: neither learns which. Semi-honest model: a malicious party could use keys that it does not have.',
  configSchema: psiCountSchema,
  leaves:
    'Blinded curve points, the number of rows, the kind of each key column and the smallest group of rows of the other party. The receiver alone learns the number of common keys, in its party_results: none where under 20 of its keys are common, or under 20 are not. Each number counts as bits about the key columns of the other party, at most half a bit a row over all tasks.',
  needsParties: true,
  check: (config) => keysFaults(config, 2, 'exactly two parties'),
  load: async () => (await import('./psi-count-run.js')).runPsiCount,
});
