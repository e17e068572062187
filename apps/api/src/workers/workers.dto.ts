import { ApiProperty } from '@nestjs/swagger';

export class WorkerDto {
  /** Host, process id and a random part: new with each start of the process. */
  @ApiProperty({ example: 'worker-7f9c-31-5b1c2d3e' })
  worker_id: string;
  /** Its first heartbeat. */
  @ApiProperty({ format: 'date-time' })
  started_at: string;
  /** Seconds since its last heartbeat; one is due every 2 s. */
  @ApiProperty({ minimum: 0, example: 1.2 })
  silent_seconds: number;
  /** Heard of within 10 s. The slots of others do not count. */
  @ApiProperty({ example: true })
  alive: boolean;
  /** Tasks of all types that it held at its last heartbeat. */
  @ApiProperty({ type: 'integer', example: 3 })
  running: number;
  /** The most tasks that it runs at once, by task type. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' }, example: { psi: 2, ss_lr: 2 } })
  slots: Record<string, number>;
}

export class WorkerListDto {
  @ApiProperty({ type: [WorkerDto] })
  items: WorkerDto[];
}
