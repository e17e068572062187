import { Injectable, type ArgumentMetadata, type PipeTransform, type Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import type { InputFault } from '#libs/chain-domain';
import { fieldsOf } from './dto-rules.js';
import { Problem } from './problem.js';

/** A DTO of a query. */
export interface QueryDto<T extends object> extends Type<T> {
  /** Whether a parameter that the DTO does not have is a fault. Default: it is ignored. */
  readonly refusesUnknown?: boolean;
  /** Turns parameters whose names are not fixed into ones that the DTO has. */
  readonly gather?: (query: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
}

/** Reads a query whose parameter has a DTO for its type, as `readQuery` does. */
@Injectable()
export class QueryPipe implements PipeTransform<unknown, unknown> {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (type !== 'query' || fieldsOf(metatype) === undefined) return value;
    return readQuery(metatype as QueryDto<object>, value as object);
  }
}

/** The query as an instance of its DTO. Throws INVALID_QUERY, with all faults at once. */
export function readQuery<T extends object>(dto: QueryDto<T>, query: object): T {
  const known = fieldsOf(dto)!;
  const gathered = dto.gather?.(query as Readonly<Record<string, unknown>>) ?? query;
  const given = Object.entries(gathered) as [string, unknown][];
  const instance = plainToInstance(dto, Object.fromEntries(given.filter(([name]) => known.has(name))));
  const faults: InputFault[] = dto.refusesUnknown
    ? given.filter(([name]) => !known.has(name)).map(([name]) => fault(name, unknownMessage(name, known)))
    : [];
  for (const { property, constraints = {} } of validateSync(instance)) {
    for (const message of Object.values(constraints)) faults.push(fault(property, message));
  }
  const [first, ...others] = faults;
  if (first === undefined) return instance;
  const detail =
    others.length === 0
      ? `${first.pointer!.slice(1)}: ${first.message}`
      : `${faults.length} of the query's parameters are wrong: see errors`;
  throw new Problem('INVALID_QUERY', detail, { errors: faults });
}

const fault = (name: string, message: string): InputFault => ({
  code: 'INVALID_VALUE',
  pointer: `/${name}`,
  message,
});

const unknownMessage = (name: string, known: ReadonlySet<string>): string =>
  `There is no parameter ${JSON.stringify(name.slice(0, 80))}; there are ${[...known].join(', ')}.`;
