import { farPsiRunner } from '../catalogue/far-psi.js';
import type { TaskRunner } from '../contract/task-runner.js';
import { AT_FLEETS } from './celery-protocols.js';
import type { CelerySettings } from './fleet.js';
import type { Patience } from './follow.js';

/**
 * Runs `psi` of two parties at a fleet of Celery workers of the design's kind. `patience` is for tests.
 */
export function celery(settings: CelerySettings | undefined, patience?: Patience): TaskRunner {
  return farPsiRunner({
    ...{ name: 'celery', place: AT_FLEETS, variable: 'CELERY_BROKERS', settings },
    needs: async (set) => (await import('./celery-needs.js')).needsOfCelery(set),
    tend: async (set) => (await import('./left-tasks.js')).endLeftTasks(set, patience),
    run: async (run, set) => (await import('./celery-psi-run.js')).runCeleryPsi(run, set, patience),
  });
}
