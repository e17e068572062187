import type { Statement } from '../pool.js';

// SQL: four index probes, every two seconds, in place of ten statements that would find nothing.

/** Whether nothing is open: no chain, no run, nothing to send on, no delivery. Whoever adds one of them wakes the loops, or they look two seconds later. */
export const isIdle: Statement = {
  name: 'is-idle',
  text: `
    SELECT NOT EXISTS (SELECT FROM task_chains WHERE status IN ('PENDING','RUNNING','PAUSED'))
       AND NOT EXISTS (SELECT FROM chain_tasks WHERE status IN ('QUEUED','RUNNING'))
       AND NOT EXISTS (SELECT FROM outbox)
       AND NOT EXISTS (SELECT FROM webhook_deliveries WHERE status = 'PENDING') AS idle`,
};
