import { Controller, Get, Res } from '@nestjs/common';
import { Registry } from 'prom-client';

interface Reply {
  type(contentType: string): unknown;
}

/** Serves the process's metrics in Prometheus' text format. */
@Controller('metrics')
export class MetricsController {
  constructor(private readonly registry: Registry) {}

  @Get()
  expose(@Res({ passthrough: true }) reply: Reply): Promise<string> {
    reply.type(this.registry.contentType);
    return this.registry.metrics();
  }
}
