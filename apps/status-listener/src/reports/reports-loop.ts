import { Inject, Injectable } from '@nestjs/common';
import { applyReports, ChainEngine, readDone } from '#libs/chain-engine';
import { failpoint } from '#libs/platform';
import { STATUS_CHANNEL, type DoneReport, type StatusChannel } from '#libs/queues';
import { DispatchLoop } from '../dispatch/dispatch-loop.js';
import { Alignment } from '../engine/alignment.js';
import { Turns } from '../engine/turns.js';
import { Loop } from '../loops/loop.js';
import { MAX_BATCH, RECEIVE_WAIT_MS } from './batches.js';

/** Applies reports of finished tasks. They have their own lane: starts, progress and logs never keep a chain from moving. */
@Injectable()
export class ReportsLoop extends Loop {
  readonly name = 'reports';
  readonly pauseMs = 0;

  constructor(
    private readonly engine: ChainEngine,
    private readonly alignment: Alignment,
    private readonly turns: Turns,
    private readonly dispatch: DispatchLoop,
    @Inject(STATUS_CHANNEL) private readonly channel: StatusChannel,
  ) {
    super();
  }

  async round(): Promise<void> {
    await this.alignment.reached;
    const delivery = await this.channel.receive('done', MAX_BATCH, RECEIVE_WAIT_MS);
    if (delivery.messages.length === 0) return;
    await failpoint('listener.afterReceive');
    try {
      const reports = this.readable(delivery.messages);
      await this.turns.take(() => applyReports(this.engine, reports));
    } catch (error) {
      await delivery.release();
      throw error;
    }
    await failpoint('listener.afterSend');
    await delivery.ack();
    await failpoint('listener.afterAck');
    if (this.engine.capacity.hasOpenings) this.dispatch.wake();
  }

  private readable(messages: readonly string[]): DoneReport[] {
    return messages.map(readDone).flatMap((report) => {
      if (report.kind !== 'unreadable') return [report];
      this.engine.log.error({ why: report.why }, 'an unreadable report was dropped');
      return [];
    });
  }
}
