import type { INestApplicationContext } from '@nestjs/common';
import { HealthService } from '../health/health.service.js';
import type { Logger } from '../observability/logging.js';
import { onStopSignal } from './stop-signal.js';
import { watchLiveness } from './watchdog.js';

/** Keeps a started app until it is asked to end, and closes it then; `last` ends what outlives it. The watchdog kills it where it is not live. */
export function runUntilStopped(
  name: string,
  app: INestApplicationContext,
  logger: Logger,
  last: () => Promise<void>,
): void {
  watchLiveness(name, () => app.get(HealthService, { strict: false }).live());
  onStopSignal(
    () => app.close().finally(last),
    (error) => logger.error({ err: error }, `the ${name} did not stop cleanly`),
  );
}
