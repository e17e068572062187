import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { IsInt } from 'class-validator';
import { ControlBodyDto } from '../controls/control-bodies.dto.js';
import { Absentable, Between, OneOf } from '../http/dto-rules.js';
import { QueryFlag, QueryText } from '../http/query-rules.js';

const DECISIONS = ['approve', 'reject'] as const;

@ApiSchema({ description: 'The answer.' })
export class SignOffBodyDto extends ControlBodyDto {
  static override readonly example: object = { decision: 'approve', answer: { amount: 100 }, note: 'checked' };

  @OneOf(DECISIONS, {
    enum: [...DECISIONS],
    description:
      '`approve`: the task succeeds with the answer. `reject`: it fails with SIGN_OFF_REJECTED and the note.',
    examples: ['approve'],
  })
  decision: (typeof DECISIONS)[number];
  @Absentable()
  @ApiProperty({
    required: false,
    type: Object,
    description: 'What the form of the task asks for: needed with `approve` where the task has a form.',
    examples: [{ amount: 100 }],
  })
  answer?: unknown;
  @Absentable()
  @IsInt()
  @Between(1, 2_147_483_647)
  @ApiProperty({
    type: 'integer',
    description:
      'The attempt whose question you answer, as the list says: where the task asks anew since, you get 409.',
    examples: [1],
  })
  attempt?: number;
}

export class SignOffDto {
  @ApiProperty({ example: 'chain-7c0a4a52-2c53-4b58-9d0b-6d7d5f0f7c11' })
  chain_id: string;
  @ApiProperty({ example: 'Nightly scoring' })
  chain_name: string;
  @ApiProperty({ example: 'release' })
  task_id: string;
  @ApiProperty({ example: 'Release the scores' })
  task_name: string;
  /** The attempt that asks. */
  @ApiProperty({ type: 'integer', example: 1 })
  attempt: number;
  @ApiProperty({ example: 'May the scores be sent?' })
  question: string;
  /** Who may answer: callers as the audit log names them, and roles. */
  @ApiProperty({ type: [String], example: ['oidc:alice', 'role:admin'] })
  who: readonly string[];
  /** A JSON Schema that the answer must fit. */
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  form: object | null;
  @ApiProperty({ format: 'date-time' })
  asked_at: string;
  /** The task fails then. */
  @ApiProperty({ format: 'date-time' })
  expires_at: string;
  /** Whether you may answer. */
  @ApiProperty()
  yours: boolean;
}

export class SignOffListDto {
  @ApiProperty({ type: [SignOffDto] })
  items: SignOffDto[];
}

/** The query of `GET /sign-offs`. */
export class ListSignOffsQueryDto {
  static readonly refusesUnknown = true;

  /** Also those that others may answer. */
  @QueryFlag({ default: false })
  all?: boolean;
  /** Only those of this chain. */
  @QueryText(64)
  chain_id?: string;
  /** Only tasks with this id. */
  @QueryText(64)
  task_id?: string;
}
