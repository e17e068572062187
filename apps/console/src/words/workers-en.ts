/** What the page of workers says in English. */
export const workers = {
  about:
    'The processes that run tasks, of all tenants, as their heartbeats tell. A worker that was silent for 10 s gets no more tasks; after a minute it is gone from here.',
  none: 'No worker was heard of in the last minute. Start one: npm start, or the compute-worker of your deployment.',
  worker: 'Worker',
  alive: 'Alive',
  silent: 'Silent',
  heartbeat: 'Last heartbeat',
  ago: '{{time}} ago',
  running: 'Tasks running',
  slots: 'Slots',
  each: 'types',
  byType: 'Slots of the live workers by task type',
};
