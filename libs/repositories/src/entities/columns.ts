import { Column, type ColumnOptions } from 'typeorm';

/**
 * A `timestamptz` that is read as the API answers it (`pool.ts`). TypeORM has to believe that it is a text: of a time it
 * would make a Date. The comment holds the type in the database, with which a test compares it.
 */
export const TimeColumn = (options: ColumnOptions = {}): PropertyDecorator =>
  Column('text', { ...options, comment: 'timestamptz' });

/** The row's tenant. It is read only where it is named: each tenant sees its rows alone. */
export const TenantColumn = (): PropertyDecorator => Column('varchar', { length: 64, select: false });
