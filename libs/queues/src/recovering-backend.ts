import { setTimeout as delay } from 'node:timers/promises';
import { createPostgresBackend, type PostgresConnection } from 'bullmq';
import { listeningOnce } from './shared-listener.js';

/** How long a worker waits after a fault before it asks for a job again, ms. */
const PAUSE_MS = 500;

/**
 * BullMQ's backend on PostgreSQL, which recovers when the database was away at the start. BullMQ itself keeps its first look at the schema,
 * even a failed one, and never looks again. Its workers ask again at once after any fault but ECONNREFUSED: up to 85,000 times a second.
 */
export const createRecoveringBackend: typeof createPostgresBackend = (name, options, ...rest) => {
  const connection = listeningOnce(options.connection as never) as never;
  const backend = createPostgresBackend(name, { ...options, connection }, ...rest);
  for (const keeper of [backend, Reflect.get(backend, 'connection') as PostgresConnection]) {
    const look = keeper.waitUntilReady.bind(keeper);
    keeper.waitUntilReady = () =>
      look().catch((error: unknown) => {
        Reflect.set(keeper, 'readyPromise', undefined);
        throw error;
      });
  }
  // BullMQ hands the fault of a flow back as its result, and whoever adds many flows does not look at it.
  const addFlow = backend.addFlow.bind(backend);
  backend.addFlow = async (entries) => {
    const results = await addFlow(entries);
    for (const [error] of results ?? []) if (error) throw error;
    return results;
  };
  // BullMQ takes a look for jobs that wait, and fails, for none, and waits for the next NOTIFY: the worker asks for a job in its place.
  const run = (Reflect.get(backend, 'run') as Run).bind(backend);
  Reflect.set(backend, 'run', ((command, params) => {
    const rows = run(command, params);
    return command === 'has_waiting_job' ? rows.catch(() => delay(PAUSE_MS, { rows: [{ present: true }] })) : rows;
  }) satisfies Run);
  backend.moveToActive = unhurried(backend.moveToActive.bind(backend));
  backend.waitForJob = unhurried(backend.waitForJob.bind(backend));
  return backend;
};

/** Runs one of BullMQ's statements by its name. */
type Run = (command: string, params?: readonly unknown[]) => Promise<{ readonly rows: readonly object[] }>;

function unhurried<Args extends unknown[], T>(ask: (...args: Args) => Promise<T>): (...args: Args) => Promise<T> {
  return (...args) =>
    ask(...args).catch(async (error: unknown) => {
      await delay(PAUSE_MS);
      throw error;
    });
}
