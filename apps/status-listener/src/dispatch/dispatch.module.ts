import { Module } from '@nestjs/common';
import { EngineModule } from '../engine/engine.module.js';
import { LoopsModule } from '../loops/loops.module.js';
import { CapacityLoop } from './capacity-loop.js';
import { ChildrenLoop } from './children-loop.js';
import { DispatchLoop } from './dispatch-loop.js';
import { SignalsLoop } from './signals-loop.js';
import { StopsLoop } from './stops-loop.js';
import { WakeListener } from './wake-listener.js';

/** What goes out to the workers, jobs and stop signals, from chains to their children and back, and what signals from outside set free. */
@Module({
  imports: [EngineModule, LoopsModule],
  providers: [DispatchLoop, CapacityLoop, ChildrenLoop, SignalsLoop, StopsLoop, WakeListener],
  exports: [DispatchLoop],
})
export class DispatchModule {}
