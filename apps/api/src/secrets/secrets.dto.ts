import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { IsArray, IsString } from 'class-validator';
import { Absentable, Characters, Texts } from '../http/dto-rules.js';

const MOST_TYPES = 100;
const MOST_KEYS = 1_000;

@ApiSchema({
  description: 'The value, at least 8 characters long: shorter ones cannot be distinguished from other text.',
})
export class NewSecretDto {
  static readonly example = { value: 'correct horse battery staple' };

  @IsString()
  @Characters(8, 65_536)
  @ApiProperty({ examples: ['correct horse battery staple'] })
  value: string;
  /** The task types that may use it; `*`: all that take secrets, as for a new secret without this list. A replaced secret keeps what is left out. */
  @Absentable()
  @IsArray()
  @Texts(MOST_TYPES, undefined, { description: 'A task type, or `*`.', examples: ['diagnostic'] })
  task_types?: string[];
  /**
   * The keys that may use it, beside those of admins: ids of API keys, `oidc:<subject>`, or `*` for all of the tenant. A new
   * secret without this list is for admins alone. A replaced secret keeps what is left out.
   */
  @Absentable()
  @IsArray()
  @Texts(
    MOST_KEYS,
    undefined,
    {
      description: 'The id of a key, `oidc:<subject>` or `*`.',
      examples: ['key-5b8d7c1a-2f0e-4a57-9a0e-6f2f7f5a9b10'],
    },
    0,
  )
  keys?: string[];
}

export class SecretDto {
  @ApiProperty({ example: 'warehouse-token' })
  name: string;
  /** The task types that may use it; `*`: all that take secrets. */
  @ApiProperty({ type: [String], example: ['*'] })
  task_types: string[];
  /** The keys that may use it beside those of admins; `*`: all of the tenant. */
  @ApiProperty({ type: [String], example: ['key-5b8d7c1a-2f0e-4a57-9a0e-6f2f7f5a9b10'] })
  keys: string[];
  @ApiProperty({ format: 'date-time' })
  created_at: string;
  @ApiProperty({ format: 'date-time' })
  updated_at: string;
  /** Who set its value, as in the audit log. */
  @ApiProperty({ type: String, nullable: true, example: 'admin key' })
  updated_by: string | null;
}

export class SecretListDto {
  @ApiProperty({ type: [SecretDto] })
  items: SecretDto[];
}

export class DeletedSecretDto {
  /** true: a dry run, nothing was done. */
  @ApiProperty()
  dry_run: boolean;
  /** Until then `POST /secrets/{name}/restore` restores it. After that its value is deleted. */
  @ApiProperty({ format: 'date-time' })
  restorable_until: string;
  @ApiProperty({ type: SecretDto })
  secret: SecretDto;
}
