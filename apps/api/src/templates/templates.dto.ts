import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsObject, IsString } from 'class-validator';
import { ExpectedApprovalDto } from '../chains/validation.dto.js';
import { Absentable, Characters, Fits, IsIntOrNull, rule, Texts } from '../http/dto-rules.js';
import { PLAIN_TEXT, SHARED_WITH } from '../http/patterns.js';
import { FaultDto } from '../http/problem.dto.js';
import { QueryNumber, QueryText } from '../http/query-rules.js';

const anyJson = { type: 'object', additionalProperties: true } as const;
const CHAIN = {
  chain_name: 'Wait a moment',
  params: { type: 'object', properties: { seconds: { type: 'integer', minimum: 0, default: 1 } } },
  tasks: [
    {
      task_id: 'wait',
      task_type: 'report',
      task_params: { task_config: { title: 'Waited ${params.seconds} s' } },
    },
  ],
};

export class NewTemplateDto {
  static readonly example = { title: 'Wait a moment', tags: ['demo'], chain: CHAIN, note: 'first version' };

  @IsString()
  @Characters(1, 255)
  @Fits(PLAIN_TEXT)
  @ApiProperty({ examples: ['Wait a moment'] })
  title: string;
  @Absentable()
  @IsString()
  @Characters(0, 10_000)
  @ApiProperty({ description: 'What it is for.', examples: ['Shows how a template is made.'] })
  description?: string;
  @Absentable()
  @Texts(20, PLAIN_TEXT, { examples: ['risk'] }, 0)
  @ApiProperty({ description: 'Words to find it by.' })
  tags?: string[];
  @Absentable()
  @Texts(100, SHARED_WITH, { examples: ['bank-b'] }, 0)
  @ApiProperty({
    description: 'Other tenants that may read its labelled versions, or `*` for all. Only an admin shares a template.',
  })
  shared_with?: string[];
  @IsObject()
  @ApiProperty({
    ...anyJson,
    description: 'A chain as `POST /chains` takes it, without `args`: at most 64 KiB of JSON.',
  })
  chain: Record<string, unknown>;
  @Absentable()
  @IsString()
  @Characters(1, 2_000)
  @ApiProperty({ description: 'What is new in this version.', examples: ['first version'] })
  note?: string;
}

export class TemplateDto {
  @ApiProperty({ example: 'template-7c0a4a52-2c53-4b58-9d0b-6d7d5f0f7c11' })
  template_id: string;
  /** The tenant that it belongs to. */
  @ApiProperty({ example: 'default' })
  tenant_id: string;
  @ApiProperty({ example: 'Wait a moment' })
  title: string;
  @ApiProperty({ example: 'Shows how a template is made.' })
  description: string;
  @ApiProperty({ type: [String], example: ['demo'] })
  tags: string[];
  /** Empty for the tenants that it is shared with. */
  @ApiProperty({ type: [String], example: [] })
  shared_with: string[];
  /** Numbers of versions by label. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' }, example: { production: 3 } })
  labels: Record<string, number>;
  /** The version that chains are made of where none is named: the one labelled `production`, else the newest. */
  @ApiProperty({ type: 'integer', nullable: true, example: 3 })
  default_version: number | null;
  @ApiProperty({ format: 'date-time' })
  created_at: string;
  /** Null for the tenants that it is shared with. */
  @ApiProperty({ type: String, nullable: true })
  created_by: string | null;
  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}

export class UsedTemplateDto extends TemplateDto {
  /** Your tenant's chains that were made of it, as far as they are still there. */
  @ApiProperty({ type: 'integer', example: 12 })
  chains: number;
  /** The share of SUCCESS among those that have ended, 0 to 1; null: none has ended. */
  @ApiProperty({ type: Number, nullable: true, example: 0.75 })
  success_rate: number | null;
}

export class TemplateListDto {
  @ApiProperty({ type: [UsedTemplateDto] })
  items: UsedTemplateDto[];
  /** Whether another page follows. */
  @ApiProperty()
  has_more: boolean;
}

export class TemplateVersionDto {
  @ApiProperty({ type: 'integer', example: 3 })
  number: number;
  /** `sha256:` and the hash of the chain as canonical JSON (RFC 8785). */
  @ApiProperty({ example: 'sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae' })
  hash: string;
  @ApiProperty({ type: String, nullable: true })
  note: string | null;
  @ApiProperty({ format: 'date-time' })
  created_at: string;
  /** Null for the tenants that it is shared with. */
  @ApiProperty({ type: String, nullable: true })
  created_by: string | null;
}

export class WholeTemplateVersionDto extends TemplateVersionDto {
  @ApiProperty(anyJson)
  chain: Record<string, unknown>;
}

export class TemplateVersionListDto {
  /** Newest first. */
  @ApiProperty({ type: [TemplateVersionDto] })
  items: TemplateVersionDto[];
}

export class DeletedTemplateDto {
  /** true: a dry run, nothing was done. */
  @ApiProperty()
  dry_run: boolean;
  /** Until then `POST /templates/{template_id}/restore` restores it with its versions. */
  @ApiProperty({ format: 'date-time' })
  restorable_until: string;
  @ApiProperty({ type: TemplateDto })
  template: TemplateDto;
}

export class TemplateLabelDto {
  static readonly example = { version: 3 };

  @IsIntOrNull()
  @rule('REQUIRED', (value) => (value === undefined ? 'is missing' : null))
  @ApiProperty({ description: 'The number of a version; null takes the label away.', examples: [3] })
  version: number | null;
}

export class TemplateNoteDto {
  static readonly example = { note: 'back to what worked' };

  @Absentable()
  @IsString()
  @Characters(1, 2_000)
  @ApiProperty({ description: 'Why.', examples: ['back to what worked'] })
  note?: string;
}

export class TemplateChainDto {
  static readonly example = { params: { seconds: 2 }, execute: true };

  @Absentable()
  @IsObject()
  @ApiProperty({ ...anyJson, description: 'A value for each parameter that has no default.' })
  params?: Record<string, unknown>;
  @Absentable()
  @IsString()
  @Characters(1, 64)
  @ApiProperty({
    description: 'A label or the number of a version. Default: `default_version`.',
    examples: ['production'],
  })
  version?: string;
  @Absentable()
  @IsString()
  @Characters(1, 255)
  @ApiProperty({ description: "Default: the name in the template's chain." })
  chain_name?: string;
  @Absentable()
  @IsObject()
  @ApiProperty({ ...anyJson, description: "In place of the metadata of the template's chain." })
  metadata?: Record<string, unknown>;
  @Absentable()
  @IsObject()
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string' },
    description: "In place of the labels of the template's chain.",
  })
  labels?: Record<string, string>;
  @Absentable()
  @IsBoolean()
  @ApiProperty({ description: 'true starts the chain when it is created.' })
  execute?: boolean;
}

export class TemplateCopyDto {
  static readonly example = { version: '1', title: 'My own' };

  @Absentable()
  @IsString()
  @Characters(1, 64)
  @ApiProperty({ description: 'A label or the number of a version. Default: `default_version`.', examples: ['1'] })
  version?: string;
  @Absentable()
  @IsString()
  @Characters(1, 255)
  @Fits(PLAIN_TEXT)
  @ApiProperty({ description: 'Default: that of the template.', examples: ['My own'] })
  title?: string;
  @Absentable()
  @IsString()
  @Characters(1, 2_000)
  @ApiProperty({ description: 'Default: says what it is a copy of.' })
  note?: string;
}

/** The chain that would be made. */
export class TemplateChainPreviewDto {
  /** The version that it would be made of. */
  @ApiProperty({ type: 'integer', example: 3 })
  version: number;
  @ApiProperty({ type: [FaultDto], example: [] })
  errors: FaultDto[];
  /** As `POST /chains` would take it: with the values of the parameters in their places. Null where there are faults. */
  @ApiProperty({ ...anyJson, nullable: true })
  chain: unknown;
  @ApiProperty({ type: [ExpectedApprovalDto], example: [] })
  approvals: ExpectedApprovalDto[];
}

/** The query of `GET /templates`. */
export class ListTemplatesQueryDto {
  static readonly refusesUnknown = true;

  /** Words: each stands somewhere in title, description or tags, in whole or in part. */
  @QueryText()
  q?: string;
  /** Templates with this tag. */
  @QueryText(64)
  tag?: string;
  /** Page number. */
  @QueryNumber(1, 1_000, { default: 1 })
  page?: number;
  /** Templates per page. */
  @QueryNumber(1, 200, { default: 20 })
  page_size?: number;
}
