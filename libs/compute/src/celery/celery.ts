import { TaskFailure, type TaskRun } from '../contract/task-type.js';
import type { TaskRunner } from '../contract/task-runner.js';
import type { PsiConfig } from '../psi/psi-config.js';
import { CELERY_PSI, celeryProtocolOf } from './celery-protocols.js';
import { checkForCelery } from './check-for-celery.js';
import type { CelerySettings } from './fleet.js';
import type { Patience } from './follow.js';

const BROKERS = 'CELERY_BROKERS';

/**
 * Runs `psi` of two parties at a fleet of Celery workers of the design's kind. `patience` is for tests.
 */
export function celery(settings: CelerySettings | undefined, patience?: Patience): TaskRunner {
  return {
    name: 'celery',
    ...(settings === undefined && { unset: BROKERS }),
    leaves(type, config) {
      if (type !== 'psi') return undefined;
      const protocol = celeryProtocolOf(config);
      // A result will name it: whichever it names runs.
      return protocol === undefined ? Object.values(CELERY_PSI).join(' ') : CELERY_PSI[protocol];
    },
    protocols: (type) => (type === 'psi' ? Object.keys(CELERY_PSI) : []),
    check: checkForCelery,
    async needs() {
      const { needsOfCelery } = await import('./celery-needs.js');
      return needsOfCelery(settings);
    },
    async tend() {
      if (settings === undefined) return;
      const { endLeftTasks } = await import('./left-tasks.js');
      await endLeftTasks(settings, patience);
    },
    async run(_type, run) {
      if (settings === undefined) {
        const message = `The engine celery is not set up at this worker: set ${BROKERS}.`;
        throw new TaskFailure('ENGINE_NOT_READY', message);
      }
      if (run.site) throw new TaskFailure('INVALID_PARAMS', 'The engine celery runs no parties at their sites.');
      const { runCeleryPsi } = await import('./celery-psi-run.js');
      return runCeleryPsi(run as unknown as TaskRun<PsiConfig>, settings, patience);
    },
  };
}
