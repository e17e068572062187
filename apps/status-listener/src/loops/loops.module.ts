import { Module } from '@nestjs/common';
import { Idleness } from './idleness.js';
import { Loops } from './loops.js';

/** Provides the list of loops, which every Loop joins, and whether they have nothing to find. */
@Module({ providers: [Loops, Idleness], exports: [Loops, Idleness] })
export class LoopsModule {}
