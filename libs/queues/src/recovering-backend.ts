import { setTimeout as delay } from 'node:timers/promises';
import { createPostgresBackend, type PostgresConnection } from 'bullmq';

/** How long a worker waits after a fault before it asks for a job again, ms. */
const PAUSE_MS = 500;

/**
 * BullMQ's backend on PostgreSQL that gets over a database which was away at the start. BullMQ keeps its first look at the schema, also
 * one that failed, so that nothing of it would ever work; and its workers ask again at once after all faults but ECONNREFUSED, 30,000
 * times a second, which leaves no time for anything else.
 */
export const createRecoveringBackend: typeof createPostgresBackend = (...args) => {
  const backend = createPostgresBackend(...args);
  for (const keeper of [backend, Reflect.get(backend, 'connection') as PostgresConnection]) {
    const look = keeper.waitUntilReady.bind(keeper);
    keeper.waitUntilReady = () =>
      look().catch((error: unknown) => {
        Reflect.set(keeper, 'readyPromise', undefined);
        throw error;
      });
  }
  backend.moveToActive = unhurried(backend.moveToActive.bind(backend));
  backend.waitForJob = unhurried(backend.waitForJob.bind(backend));
  return backend;
};

function unhurried<Args extends unknown[], T>(ask: (...args: Args) => Promise<T>): (...args: Args) => Promise<T> {
  return (...args) =>
    ask(...args).catch(async (error: unknown) => {
      await delay(PAUSE_MS);
      throw error;
    });
}
