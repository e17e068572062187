import { Inject, Module, type OnModuleDestroy } from '@nestjs/common';
import { STATUS_CHANNEL, type StatusChannel } from '#libs/queues';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { EngineModule } from '../engine/engine.module.js';
import { LoopsModule } from '../loops/loops.module.js';
import { HeartbeatsLoop } from './heartbeats-loop.js';
import { NoteStore } from './note-store.js';
import { NotesLoop } from './notes-loop.js';
import { ReportsLoop } from './reports-loop.js';

/** What comes in from the workers: reports, notes and heartbeats. */
@Module({
  imports: [EngineModule, LoopsModule, DispatchModule],
  providers: [ReportsLoop, NoteStore, NotesLoop, HeartbeatsLoop],
})
export class ReportsModule implements OnModuleDestroy {
  constructor(@Inject(STATUS_CHANNEL) private readonly channel: StatusChannel) {}

  /** Ends the waits for messages. The loops above have been stopped just before. */
  async onModuleDestroy(): Promise<void> {
    await this.channel.close();
  }
}
