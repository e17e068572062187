import { Injectable } from '@nestjs/common';
import { Databases, sealAudit } from '#libs/repositories';
import { Loop } from '../loops/loop.js';

/** Chains new audit entries to the log. */
@Injectable()
export class AuditLoop extends Loop {
  readonly name = 'audit';
  readonly pauseMs = 1_000;
  override readonly restsWhenIdle = true;

  constructor(private readonly databases: Databases) {
    super();
  }

  async round(): Promise<void> {
    await sealAudit(this.databases.engine);
  }
}
