import { ApiProperty } from '@nestjs/swagger';

export class SecretDto {
  @ApiProperty({ example: 'warehouse-token' })
  name: string;
  @ApiProperty({ format: 'date-time' })
  created_at: string;
  @ApiProperty({ format: 'date-time' })
  updated_at: string;
  /** Who put its value, as the audit log names them. */
  @ApiProperty({ type: String, nullable: true, example: 'admin key' })
  updated_by: string | null;
}

export class SecretListDto {
  @ApiProperty({ type: [SecretDto] })
  items: SecretDto[];
}

export class DeletedSecretDto {
  /** true: nothing was done. */
  @ApiProperty()
  dry_run: boolean;
  /** Until then `POST /secrets/{name}/restore` brings it back; after that nobody has its value. */
  @ApiProperty({ format: 'date-time' })
  restorable_until: string;
  @ApiProperty({ type: SecretDto })
  secret: SecretDto;
}
