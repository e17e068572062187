import { Module } from '@nestjs/common';
import { LoopsModule } from '../loops/loops.module.js';
import { ListenerHealth } from './listener-health.js';
import { SchemaCheck } from './schema-check.js';

/** Checks the schema at the start, and provides the listener's checks to HealthModule. */
@Module({ imports: [LoopsModule], providers: [SchemaCheck, ListenerHealth], exports: [ListenerHealth] })
export class ListenerHealthModule {}
