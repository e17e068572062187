import { hostname } from 'node:os';
import { Module } from '@nestjs/common';
import { Registry } from 'prom-client';
import {
  ChainEngine,
  ClockKeeper,
  Dispatcher,
  InvariantReconciler,
  LeaseReconciler,
  makeEngineMetrics,
  RestoreDetection,
} from '#libs/chain-engine';
import { LOGGER, type Logger } from '#libs/platform';
import { BACKEND, STATUS_CHANNEL, TaskQueues, type Backend, type StatusChannel } from '#libs/queues';
import { Databases, DutyRepository } from '#libs/repositories';
import { Alignment } from './alignment.js';
import { Turns } from './turns.js';

/** Token of the name under which this process holds leases and marks. */
export const HOLDER = Symbol('HOLDER');

/** Provides the chain engine and what the loops share beside it. */
@Module({
  providers: [
    Alignment,
    Turns,
    { provide: HOLDER, useFactory: () => `${hostname()}-${process.pid}` },
    {
      provide: ChainEngine,
      inject: [Databases, TaskQueues, Registry, LOGGER],
      useFactory: ({ engine }: Databases, queues: TaskQueues, registry: Registry, logger: Logger) =>
        new ChainEngine(engine, queues, makeEngineMetrics(registry), logger),
    },
    { provide: Dispatcher, inject: [ChainEngine], useFactory: (engine: ChainEngine) => new Dispatcher(engine) },
    { provide: ClockKeeper, inject: [ChainEngine], useFactory: (engine: ChainEngine) => new ClockKeeper(engine) },
    {
      provide: InvariantReconciler,
      inject: [ChainEngine],
      useFactory: (engine: ChainEngine) => new InvariantReconciler(engine),
    },
    {
      provide: LeaseReconciler,
      inject: [ChainEngine],
      useFactory: (engine: ChainEngine) => new LeaseReconciler(engine),
    },
    {
      provide: RestoreDetection,
      inject: [ChainEngine, BACKEND, STATUS_CHANNEL, DutyRepository, HOLDER],
      useFactory: (
        engine: ChainEngine,
        backend: Backend,
        channel: StatusChannel,
        duties: DutyRepository,
        holder: string,
      ) => new RestoreDetection(engine, backend, channel, duties, holder),
    },
  ],
  exports: [
    Alignment,
    Turns,
    HOLDER,
    ChainEngine,
    ClockKeeper,
    Dispatcher,
    InvariantReconciler,
    LeaseReconciler,
    RestoreDetection,
  ],
})
export class EngineModule {}
