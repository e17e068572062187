import { canonicalJson, STATEMENT_SCHEMAS, subjectOf, type Statement, type StatementKind } from '#libs/consent';
import { FaultList } from '#libs/chain-domain';
import { Problem } from '../http/problem.js';
import { addSchemaFaults, compileSchema } from '../http/schema-faults.js';
import type { NewStatementDto } from './parties.dto.js';

const CHECKS = new Map(Object.entries(STATEMENT_SCHEMAS).map(([kind, schema]) => [kind, compileSchema(schema)]));

/** A statement that fits its schema, and its subject. */
export interface ReadStatement {
  readonly statement: Statement;
  readonly subject: string;
  readonly signed: string | null;
}

/**
 * Reads what a party states. Throws BAD_REQUEST with all faults at once. The signature is not checked here: the public key lies at
 * the workers, who check it before they open a file.
 */
export function readStatement({ signed, statement }: NewStatementDto, party: string): ReadStatement {
  if ((signed === undefined) === (statement === undefined)) throw wrong('Give `signed` or `statement`, and not both.');
  const value: unknown = signed === undefined ? statement : payloadOf(signed);
  const kind = (value as { readonly kind?: unknown } | null)?.kind;
  const check = typeof kind === 'string' ? CHECKS.get(kind as StatementKind) : undefined;
  if (check === undefined) throw wrong(`A statement has a kind: ${[...CHECKS.keys()].join(', ')}.`, '/kind');
  const faults = new FaultList();
  addSchemaFaults(check, value, faults, '', 'statement: ');
  const errors = faults.toArray();
  if (errors.length > 0) {
    const detail = errors.length === 1 ? errors[0]!.message : `The statement has ${errors.length} faults: see errors.`;
    throw new Problem('BAD_REQUEST', detail, { errors });
  }
  const read = value as Statement;
  if (read.party !== party) throw wrong(`The statement belongs to party ${read.party}, not to ${party}.`, '/party');
  return { statement: read, subject: subjectOf(read), signed: signed ?? null };
}

/** The JSON of a compact JWS, which has to be canonical: else no worker would accept it. */
function payloadOf(jws: string): unknown {
  const [, payload, signature, ...more] = jws.split('.');
  if (payload === undefined || signature === undefined || more.length > 0) {
    throw wrong('It is not a compact JWS: three parts, separated by dots.', '/signed');
  }
  const text = Buffer.from(payload, 'base64url').toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
    if (canonicalJson(value) === text) return value;
  } catch {
    throw wrong('The payload of the JWS is not JSON.', '/signed');
  }
  throw wrong('The payload of the JWS is not in canonical form (RFC 8785).', '/signed');
}

function wrong(message: string, pointer = ''): Problem {
  return new Problem('BAD_REQUEST', message, { errors: [{ code: 'INVALID_VALUE', pointer, message }] });
}
