import { farPsiRunner, namedInputs } from '../catalogue/far-psi.js';
import type { TaskRunner } from '../contract/task-runner.js';
import type { KusciaPatience } from './job-end.js';
import { AT_NODES } from './kuscia-protocols.js';
import { KUSCIA_API, type KusciaSettings } from './kuscia-settings.js';

/** SecretFlow reads these itself. */
const TABLE = /\.parquet$/i;

/**
 * Runs `psi` of two parties at nodes of Kuscia. `patience` is for tests.
 */
export function kuscia(settings: KusciaSettings | undefined, patience?: KusciaPatience): TaskRunner {
  return farPsiRunner({
    ...{ name: 'kuscia', place: AT_NODES, variable: KUSCIA_API, settings },
    // The nodes keep them.
    elsewhere: ['output_paths'],
    check(config, isOpen, add) {
      if (config.output_paths !== undefined)
        add('output_paths', 'must be absent: the nodes of Kuscia keep the outputs');
      for (const [member, path] of namedInputs(config, isOpen)) {
        if (path.startsWith('artifact:'))
          add(
            member,
            "is an artifact, which a node of Kuscia does not see: let the task before write it below the party's folder by output_paths",
          );
        if (TABLE.test(path)) add(member, 'must be CSV at nodes of Kuscia');
      }
    },
    needs: async (set) => (await import('./kuscia-needs.js')).needsOfKuscia(set),
    tend: async (set) => (await import('./left-jobs.js')).endLeftJobs(set, patience),
    run: async (run, set) => (await import('./kuscia-psi-run.js')).runKusciaPsi(run, set, patience),
  });
}
