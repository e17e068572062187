import { TaskFailure, type TaskRun } from '../contract/task-type.js';
import type { TaskRunner } from '../contract/task-runner.js';
import type { PsiConfig } from '../psi/psi-config.js';
import { checkForKuscia } from './check-for-kuscia.js';
import type { KusciaPatience } from './job-end.js';
import { KUSCIA_PSI, kusciaProtocolOf } from './kuscia-protocols.js';
import { KUSCIA_API, type KusciaSettings } from './kuscia-settings.js';

/**
 * Runs `psi` of two parties at nodes of Kuscia. `patience` is for tests.
 */
export function kuscia(settings: KusciaSettings | undefined, patience?: KusciaPatience): TaskRunner {
  return {
    name: 'kuscia',
    ...(settings === undefined && { unset: KUSCIA_API }),
    leaves(type, config) {
      if (type !== 'psi') return undefined;
      const protocol = kusciaProtocolOf(config);
      // A result will name it: whichever it names runs.
      const each = protocol === undefined ? Object.values(KUSCIA_PSI) : [KUSCIA_PSI[protocol]!];
      return each.map(({ leaves }) => leaves).join(' ');
    },
    protocols: (type) => (type === 'psi' ? Object.keys(KUSCIA_PSI) : []),
    // The nodes keep them.
    elsewhere: ['output_paths'],
    check: checkForKuscia,
    async needs() {
      const { needsOfKuscia } = await import('./kuscia-needs.js');
      return needsOfKuscia(settings);
    },
    async tend() {
      if (settings === undefined) return;
      const { endLeftJobs } = await import('./left-jobs.js');
      await endLeftJobs(settings, patience);
    },
    async run(_type, run) {
      if (settings === undefined) {
        const message = `The engine kuscia is not set up at this worker: set ${KUSCIA_API}.`;
        throw new TaskFailure('ENGINE_NOT_READY', message);
      }
      if (run.site) throw new TaskFailure('INVALID_PARAMS', 'The engine kuscia runs no parties at their sites.');
      const { runKusciaPsi } = await import('./kuscia-psi-run.js');
      return runKusciaPsi(run as unknown as TaskRun<PsiConfig>, settings, patience);
    },
  };
}
