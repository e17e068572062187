import { Inject, Injectable } from '@nestjs/common';
import { ChainEngine, countEnded } from '#libs/chain-engine';
import { APP_CONFIG, type AppConfig } from '#libs/platform';
import { Databases, WebhookRepository, type EndedChain } from '#libs/repositories';
import { Loop } from '../loops/loop.js';
import { deliverWebhooks } from './deliver.js';

/** Delivers webhooks, and counts the ended chains whose notices it takes. */
@Injectable()
export class WebhooksLoop extends Loop {
  readonly name = 'webhooks';
  readonly pauseMs = 1_000;
  override readonly restsWhenIdle = true;

  constructor(
    private readonly databases: Databases,
    private readonly webhooks: WebhookRepository,
    private readonly engine: ChainEngine,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {
    super();
  }

  async round(): Promise<void> {
    const { databases, webhooks, config, engine } = this;
    const onEnded = (chain: EndedChain): void => countEnded(engine.metrics, chain);
    await deliverWebhooks(webhooks, databases.engine, config.webhooksToPrivate, onEnded, undefined, config.publicUrl);
  }
}
