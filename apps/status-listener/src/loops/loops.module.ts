import { Module } from '@nestjs/common';
import { Loops } from './loops.js';

/** Provides the list of loops, which every Loop joins. */
@Module({ providers: [Loops], exports: [Loops] })
export class LoopsModule {}
