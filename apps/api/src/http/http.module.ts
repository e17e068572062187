import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Drain } from './drain.js';
import { ProblemFilter } from './problem.filter.js';

@Module({
  providers: [Drain, ProblemFilter, { provide: APP_FILTER, useExisting: ProblemFilter }],
  exports: [ProblemFilter],
})
export class HttpModule {}
