import { applyDecorators, HttpCode, type Type } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { ApiProblems } from '../http/api-problems.js';
import { ApiRequest, type RequestDto } from '../http/api-request.js';
import { IF_MATCH } from '../http/entity-tag.js';
import { IDEMPOTENCY_KEY } from '../http/idempotency-key.js';

interface ControlDescription {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly body: RequestDto;
  /** Whether the body may be left out. */
  readonly optional?: boolean;
  readonly answer: Type;
  readonly status?: number;
  /** Whether the path names a task. */
  readonly task?: boolean;
}

const ID = { type: 'string' as const, maxLength: 64 };
const DRY_RUN = {
  name: 'dry_run',
  required: false,
  description: 'true: a dry run, which returns exactly what would be done and does nothing.',
  schema: { type: 'boolean' as const, default: false },
};

/** Documents a control call of a chain or task: path, body, key, answer and problems. */
export function ApiControl(control: ControlDescription): MethodDecorator {
  const { operationId, summary, description, body, optional = false, answer, status = 200, task = false } = control;
  return applyDecorators(
    HttpCode(status),
    ApiParam({ name: 'chain_id', schema: ID }),
    ...(task ? [ApiParam({ name: 'task_id', schema: ID })] : []),
    ApiOperation({ operationId, summary, description }),
    ApiQuery(DRY_RUN),
    ApiHeader(IDEMPOTENCY_KEY),
    ApiHeader(IF_MATCH),
    ApiRequest(body, !optional),
    ApiResponse({ status, type: answer, description: 'What was done, or in a dry run would be done.' }),
    ApiProblems(400, 404, 409, 412, 413, 415, 422, 503),
  ) as MethodDecorator;
}
