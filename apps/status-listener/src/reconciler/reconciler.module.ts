import { Module } from '@nestjs/common';
import { EngineModule } from '../engine/engine.module.js';
import { LoopsModule } from '../loops/loops.module.js';
import { ClockLoop } from './clock-loop.js';
import { InvariantsLoop } from './invariants-loop.js';
import { LeasesLoop } from './leases-loop.js';
import { RestoreLoop } from './restore-loop.js';
import { TimeoutsLoop } from './timeouts-loop.js';
import { WorkersLoop } from './workers-loop.js';

/** What puts right what got lost: jobs, workers, time, a restored queue or database, broken invariants. */
@Module({
  imports: [EngineModule, LoopsModule],
  providers: [ClockLoop, RestoreLoop, LeasesLoop, TimeoutsLoop, InvariantsLoop, WorkersLoop],
})
export class ReconcilerModule {}
