import { Module } from '@nestjs/common';
import { EngineModule } from '../engine/engine.module.js';
import { LoopsModule } from '../loops/loops.module.js';
import { AuditLoop } from './audit-loop.js';
import { GaugesLoop } from './gauges-loop.js';
import { RetentionLoop } from './retention-loop.js';

/** What is done for the whole system: gauges and retention by the one listener that holds the lease, the audit log by any. */
@Module({ imports: [EngineModule, LoopsModule], providers: [GaugesLoop, RetentionLoop, AuditLoop] })
export class DutiesModule {}
