import { Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { BodyPipe } from './body.pipe.js';
import { Drain } from './drain.js';
import { ProblemFilter } from './problem.filter.js';
import { QueryPipe } from './query.pipe.js';

@Module({
  providers: [
    Drain,
    ProblemFilter,
    { provide: APP_FILTER, useExisting: ProblemFilter },
    { provide: APP_PIPE, useClass: BodyPipe },
    { provide: APP_PIPE, useClass: QueryPipe },
  ],
  exports: [ProblemFilter],
})
export class HttpModule {}
