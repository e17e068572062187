import { ApiProperty } from '@nestjs/swagger';
import { QueryText } from '../http/query-rules.js';

const CHANGES = ['added', 'removed', 'renamed', 'changed', 'same'];
export class ValueChangeDto {
  /** A JSON pointer: of a removed value where it was, else where it is. */
  @ApiProperty({ example: '/task_params/task_config/protocol' })
  pointer: string;
  /** `filled`: the value was put in for a parameter of the template, which is no difference. */
  @ApiProperty({ enum: ['added', 'removed', 'changed', 'filled'], example: 'changed' })
  change: string;
  /** Null where it was added. */
  @ApiProperty({ oneOf: [{}], example: 'ECDH_PSI_2PC' })
  before: unknown;
  /** Null where it was removed. */
  @ApiProperty({ oneOf: [{}], example: 'KKRT_PSI_2PC' })
  after: unknown;
}

export class PartChangeDto extends ValueChangeDto {
  /** What it is about: words for people, parameters of tasks, rules of running, or parameters and outputs of the chain. */
  @ApiProperty({ enum: ['text', 'parameters', 'policy', 'interface'], example: 'parameters' })
  part: string;
}

export class TaskDiffDto {
  @ApiProperty({ example: 'psi' })
  task_id: string;
  @ApiProperty({ example: 'PSI' })
  task_name: string;
  @ApiProperty({ example: 'psi' })
  task_type: string;
  @ApiProperty({ enum: CHANGES, example: 'changed' })
  change: string;
  /** Its id before; null unless it was renamed. */
  @ApiProperty({ type: String, nullable: true, example: null })
  renamed_from: string | null;
  /** How much of a renamed task stayed, 0 to 1; else null. */
  @ApiProperty({ type: Number, nullable: true, example: null })
  likeness: number | null;
  @ApiProperty({ type: [PartChangeDto] })
  changes: readonly PartChangeDto[];
}

export class EdgeDiffDto {
  @ApiProperty({ example: 'prepare' })
  from: string;
  @ApiProperty({ example: 'psi' })
  to: string;
  @ApiProperty({ enum: CHANGES.filter((change) => change !== 'renamed'), example: 'added' })
  change: string;
  @ApiProperty({ type: [ValueChangeDto] })
  changes: readonly ValueChangeDto[];
}

/** How one chain became another, by meaning. */
export class ChainDiffDto {
  /** What is compared: a version of the template. */
  @ApiProperty({ type: 'integer', example: 1 })
  from_version: number;
  /** With what: a version of the template, or null: with the chain that was made of it. */
  @ApiProperty({ type: 'integer', nullable: true, example: 2 })
  to_version: number | null;
  /** Whether both mean the same. */
  @ApiProperty({ example: false })
  same: boolean;
  /** Changes of what is no task. */
  @ApiProperty({ type: [PartChangeDto] })
  chain: readonly PartChangeDto[];
  /** Every task: those after in their order, then those removed. */
  @ApiProperty({ type: [TaskDiffDto] })
  tasks: readonly TaskDiffDto[];
  /** Every dependency, by the ids after. */
  @ApiProperty({ type: [EdgeDiffDto] })
  edges: readonly EdgeDiffDto[];
}

/** The query of `GET /templates/{template_id}/diff`. */
export class TemplateDiffQueryDto {
  static readonly refusesUnknown = true;

  /** A label or the number of a version. Default: `default_version`. */
  @QueryText(64, { example: '1' })
  from?: string;
  /** A label or the number of a version. Default: the newest that you may read. */
  @QueryText(64, { example: '3' })
  to?: string;
}

/** The query of `GET /chains/{chain_id}/template-diff`. */
export class ChainDiffQueryDto {
  static readonly refusesUnknown = true;

  /** A label or the number of a version. Default: the one that the chain was made of. */
  @QueryText(64)
  version?: string;
}
