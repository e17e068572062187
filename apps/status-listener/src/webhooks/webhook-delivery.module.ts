import { Module } from '@nestjs/common';
import { EngineModule } from '../engine/engine.module.js';
import { LoopsModule } from '../loops/loops.module.js';
import { WebhooksLoop } from './webhooks-loop.js';

/** Delivers webhooks of ended chains. */
@Module({ imports: [EngineModule, LoopsModule], providers: [WebhooksLoop] })
export class WebhookDeliveryModule {}
