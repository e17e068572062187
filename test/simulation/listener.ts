/** A listener process: the loops of apps/status-listener over the real engine. They share one cache and die together. */
import { Registry } from 'prom-client';
import {
  ChainEngine,
  Dispatcher,
  InvariantReconciler,
  LeaseReconciler,
  makeEngineMetrics,
  RestoreDetection,
} from '#libs/chain-engine';
import type { Logger } from '#libs/platform';
import { Databases, DutyRepository, WebhookRepository, type Database } from '#libs/repositories';
import { CapacityLoop } from '../../apps/status-listener/src/dispatch/capacity-loop.js';
import { ChildrenLoop } from '../../apps/status-listener/src/dispatch/children-loop.js';
import { DispatchLoop } from '../../apps/status-listener/src/dispatch/dispatch-loop.js';
import { SignalsLoop } from '../../apps/status-listener/src/dispatch/signals-loop.js';
import { StopsLoop } from '../../apps/status-listener/src/dispatch/stops-loop.js';
import { Alignment } from '../../apps/status-listener/src/engine/alignment.js';
import { Turns } from '../../apps/status-listener/src/engine/turns.js';
import { InvariantsLoop } from '../../apps/status-listener/src/reconciler/invariants-loop.js';
import { LeasesLoop } from '../../apps/status-listener/src/reconciler/leases-loop.js';
import { RestoreLoop } from '../../apps/status-listener/src/reconciler/restore-loop.js';
import { TimeoutsLoop } from '../../apps/status-listener/src/reconciler/timeouts-loop.js';
import { HeartbeatsLoop } from '../../apps/status-listener/src/reports/heartbeats-loop.js';
import { NoteStore } from '../../apps/status-listener/src/reports/note-store.js';
import { NotesLoop } from '../../apps/status-listener/src/reports/notes-loop.js';
import { ReportsLoop } from '../../apps/status-listener/src/reports/reports-loop.js';
import { Process } from './process.js';
import { ProcessChannel, ProcessQueues, redisOf, type Carriers } from './transport.js';

/** All listeners hold duties under one name, so that none waits for a lease of one that died. */
const HOLDER = 'listener';
/** So few chains get higher attempts in one statement that a restore needs several. */
const CHAINS_AT_ONCE = 1;
const DELIVERIES = 20;
const HIDE_MS = 25_000;
const METRICS = makeEngineMetrics(new Registry());

export interface Given {
  readonly carriers: Carriers;
  readonly logger: Logger;
  readonly databaseOf: (process: Process) => Database;
  readonly failed: (error: unknown) => void;
}

export function startListener({ carriers, logger, databaseOf, failed }: Given): Process {
  const process = new Process(new Map(), failed);
  const db = databaseOf(process);
  const databases = new Databases(db, db);
  const channel = new ProcessChannel(process, carriers);
  const backend = redisOf(process, carriers);
  const engine = new ChainEngine(db, new ProcessQueues(process, carriers), METRICS, logger);
  const dispatcher = new Dispatcher(engine);
  const turns = new Turns();
  const alignment = new Alignment();
  alignment.reach();
  const dispatch = new DispatchLoop(engine, dispatcher, alignment, turns);
  const notes = new NoteStore(databases, engine, dispatcher, dispatch, turns, channel, logger);
  const restores = new RestoreDetection(engine, backend, channel, new DutyRepository(), HOLDER, CHAINS_AT_ONCE);
  const loops = [
    new ReportsLoop(engine, alignment, turns, dispatch, channel),
    new NotesLoop(alignment, notes, channel),
    new HeartbeatsLoop(alignment, notes, channel),
    dispatch,
    new CapacityLoop(dispatcher, dispatch, { isIdle: () => Promise.resolve(false) }),
    new SignalsLoop(engine, alignment, dispatch),
    new StopsLoop(databases, engine, channel),
    new ChildrenLoop(engine),
    new LeasesLoop(engine, new LeaseReconciler(engine), alignment, backend, channel, logger),
    new TimeoutsLoop(engine),
    new InvariantsLoop(new InvariantReconciler(engine)),
    new RestoreLoop(restores, alignment, turns),
  ];
  for (const loop of loops) process.loops.set(loop.name, () => loop.round());
  process.loops.set('webhooks', () => deliver(db));
  return process;
}

/** WebhooksLoop with endpoints that take everything. */
async function deliver(db: Database): Promise<void> {
  const webhooks = new WebhookRepository();
  await webhooks.spread(db, DELIVERIES);
  for (const { id } of await webhooks.take(db, DELIVERIES, HIDE_MS)) {
    await webhooks.settle(db, id, 'DELIVERED', 200, null, 0);
  }
}
