import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { IsString } from 'class-validator';
import { Characters } from '../http/dto-rules.js';

@ApiSchema({
  description: 'The value, at least 8 characters long: shorter ones cannot be distinguished from other text.',
})
export class NewSecretDto {
  static readonly example = { value: 'correct horse battery staple' };

  @IsString()
  @Characters(8, 65_536)
  @ApiProperty({ examples: ['correct horse battery staple'] })
  value: string;
}

export class SecretDto {
  @ApiProperty({ example: 'warehouse-token' })
  name: string;
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
