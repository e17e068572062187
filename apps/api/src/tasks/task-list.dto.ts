import { ApiProperty } from '@nestjs/swagger';
import { TASK_STATUSES } from '#libs/chain-domain';
import { SHOWN_TASK_FIELDS } from '../chains/chain-query.dto.js';
import { TaskDto } from '../chains/chains.dto.js';
import { QueryList, QueryNumber, QueryText } from '../http/query-rules.js';

/** The query of a chain's tasks. */
export class ListTasksQueryDto {
  static readonly refusesUnknown = true;

  /** One or more statuses, separated by commas. */
  @QueryList(TASK_STATUSES, { example: 'FAILURE,RETRYING' })
  status?: string[];
  /** The type of the tasks. */
  @QueryText(50)
  task_type?: string;
  /** The task with this id alone. */
  @QueryText(64)
  task_id?: string;
  /** Text that the task's id or name contains. */
  @QueryText()
  q?: string;
  /** Only these fields of each task, separated by commas. `task_id` is always there. */
  @QueryList(SHOWN_TASK_FIELDS, { example: 'status,error' })
  fields?: string[];
  /** Page number. */
  @QueryNumber(1, 10_000, { default: 1 })
  page?: number;
  /** Tasks per page. */
  @QueryNumber(1, 1_000, { default: 100 })
  page_size?: number;
}

export class TaskListDto {
  @ApiProperty({ type: [TaskDto] })
  items: TaskDto[];
  /** Number of tasks that fit the filter. */
  @ApiProperty({ type: 'integer', example: 12 })
  total: number;
  @ApiProperty({ type: 'integer', example: 1 })
  page: number;
  @ApiProperty({ type: 'integer', example: 100 })
  page_size: number;
}
