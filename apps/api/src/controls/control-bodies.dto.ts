import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { IsArray, IsBoolean, IsInt, IsObject, IsString, ValidateNested } from 'class-validator';
import { MAX_TASKS } from '#libs/dag-planner';
import type { PriorityBody } from '../chains/creating/chain-body.js';
import { priority } from '../chains/creating/create-chain.schema.js';
import { Absentable, Between, Characters, NotEmpty, OneOf, Present, Texts } from '../http/dto-rules.js';

export const MAX_BULK = 1_000;
export const DEFAULT_PER_SECOND = 50;
const TASK_ID = /^[A-Za-z0-9._-]*(\[[A-Za-z0-9._-]+\])?$/;

class DryRunDto {
  @Absentable()
  @IsBoolean()
  @ApiProperty({
    default: false,
    description:
      'true: a dry run, which returns exactly what would be done and does nothing. Also accepted in the query.',
    examples: [true],
  })
  dry_run?: boolean;
}

@ApiSchema({ description: 'All fields are optional.' })
export class ControlBodyDto extends DryRunDto {
  static readonly example: object = { note: 'maintenance', dry_run: true };

  @Absentable()
  @Note()
  note?: string;
}

@ApiSchema({
  description: 'Without `from`: all tasks that failed, were cancelled or skipped. All fields are optional.',
})
export class RetryBodyDto extends ControlBodyDto {
  static override readonly example: object = { from: ['psi'], include_downstream: true };

  @Absentable()
  @IsArray()
  @Texts(MAX_TASKS, TASK_ID, { description: 'A task to run again.', examples: ['psi'] })
  @ApiProperty({ description: 'The tasks to run again, whatever their outcome.', examples: [['psi']] })
  from?: string[];
  @Absentable()
  @IsBoolean()
  @ApiProperty({
    default: true,
    description: 'With `from`: also run all tasks that depend on these.',
    examples: [true],
  })
  include_downstream?: boolean;
}

@ApiSchema({ description: 'All fields are optional.' })
export class RetryTaskBodyDto extends ControlBodyDto {
  static override readonly example: object = { include_downstream: false };

  @Absentable()
  @IsBoolean()
  @ApiProperty({ default: true, description: 'Also run all tasks that depend on it.', examples: [true] })
  include_downstream?: boolean;
}

@ApiSchema({ description: 'The new priority.' })
export class PriorityBodyDto extends ControlBodyDto {
  static override readonly example: object = { priority: 'high' };

  @OneOf(priority.enum, { enum: [...priority.enum], description: priority.description, examples: ['high'] })
  priority: PriorityBody;
}

@ApiSchema({ description: 'Why the task is skipped.' })
export class SkipBodyDto extends DryRunDto {
  static readonly example: object = { note: 'not needed for this run' };

  @Note()
  note: string;
}

@ApiSchema({ description: 'The result of the task, and the reason.' })
export class ResolveBodyDto extends SkipBodyDto {
  static override readonly example: object = { result: { intersection_count: 540 }, note: 'computed by hand' };

  @Present()
  @ApiProperty({
    type: Object,
    description: 'The result as a worker would return it: at most 64 KiB of JSON and 32 levels deep.',
    examples: [{ intersection_count: 540 }],
  })
  result: unknown;
}

@ApiSchema({ description: 'The same parameters as the query of GET /chains.' })
export class BulkFilterDto {
  @FilterText()
  status?: string;
  @FilterText()
  chain_type?: string;
  @FilterText()
  created_by?: string;
  @FilterText()
  task_type?: string;
  @FilterText()
  q?: string;
  @FilterText()
  created_from?: string;
  @FilterText()
  created_to?: string;
  @FilterText()
  labels?: string;
}

@ApiSchema({
  description:
    'The chains, by `ids` or `filter`. A filter without a status selects the chains on which the action has an effect.',
})
export class BulkBodyDto extends ControlBodyDto {
  static override readonly example: object = {
    filter: { status: 'FAILURE', task_type: 'psi' },
    limit: 200,
    dry_run: true,
  };

  @Absentable()
  @IsArray()
  @Texts(MAX_BULK, undefined, { description: 'The id of a chain.' })
  @ApiProperty({
    description: 'The chains, in this order.',
    examples: [['chain-7c0a4a52-2c53-4b58-9d0b-6d7d5f0f7c11']],
  })
  ids?: string[];
  @Absentable()
  @IsObject()
  @ValidateNested()
  @NotEmpty()
  @ApiProperty({ examples: [{ status: 'FAILURE', created_from: '2026-01-31T00:00:00Z' }] })
  filter?: BulkFilterDto;
  @Absentable()
  @IsInt()
  @Between(1, MAX_BULK)
  @ApiProperty({
    type: 'integer',
    default: MAX_BULK,
    description: 'Maximum number of chains in one call; `next_cursor` continues.',
    examples: [200],
  })
  limit?: number;
  @Absentable()
  @IsInt()
  @Between(1, 1_000)
  @ApiProperty({
    type: 'integer',
    default: DEFAULT_PER_SECOND,
    description: 'For resume and retry: maximum number of chains per second, so that the workers are not flooded.',
    examples: [50],
  })
  max_per_second?: number;
  @Absentable()
  @IsString()
  @Characters(1, 255)
  @ApiProperty({ description: 'The `next_cursor` of the previous call, with the same ids or filter.' })
  cursor?: string;
}

function Note(): PropertyDecorator {
  return applyDecorators(
    IsString(),
    Characters(1, 2_000),
    ApiProperty({
      description: "The reason. It is kept with the event in the chain's history.",
      examples: ['the input was wrong, see ticket A-17'],
    }),
  );
}

function FilterText(): PropertyDecorator {
  return applyDecorators(Absentable(), IsString(), Characters(1, 255));
}
