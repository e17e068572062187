// DBOS: a workflow a chain, whose tasks are steps in its own function, or queued workflows.
import { DBOS } from '@dbos-inc/dbos-sdk';
import { CONCURRENCY, followByPromises, serve, versionOf, work } from './driver.mjs';

/** The default of both polls is a second. */
const POLL_MS = 10;
const mode = process.argv[2];

const step = (delayMs, i) => DBOS.runStep(() => work(delayMs), { name: `t${i}` });
const task = DBOS.registerWorkflow(work, { name: 'task' });
const queued = async (delayMs) => {
  const handle = await DBOS.startWorkflow(task, { queueName: 'tasks' })(delayMs);
  return handle.getResult({ pollingIntervalMs: POLL_MS });
};
const chain = DBOS.registerWorkflow((graph) => followByPromises(graph, mode === 'steps' ? step : queued), {
  name: 'chain',
});

DBOS.setConfig({
  name: 'bench',
  systemDatabaseUrl: process.env.DATABASE_URL,
  systemDatabasePoolSize: 20,
  logLevel: 'error',
});
await DBOS.launch();
if (mode === 'queue') {
  await DBOS.registerQueue('tasks', { workerConcurrency: CONCURRENCY, minPollingIntervalMs: POLL_MS });
}
const run = async (chains) => {
  const handles = await Promise.all(chains.map((graph) => DBOS.startWorkflow(chain)(graph)));
  await Promise.all(handles.map((handle) => handle.getResult({ pollingIntervalMs: POLL_MS })));
};
await serve({ version: `DBOS ${versionOf('@dbos-inc/dbos-sdk')}`, run, close: () => DBOS.shutdown() });
