import { isObject, type InputFault } from '#libs/chain-domain';
import type { PolicyStatement } from '#libs/consent';
import { readChainFile } from '../chain-file.js';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import type { Session } from '../session.js';
import { statementFaults, type Draft } from './statement-book.js';

/** What the owner writes: the rest of the statement is the command's. */
const FIELDS = ['expires_at', 'rules', 'budget', 'min_group_rows', 'effects_to', 'coefficients_to', 'bounds', 'sites'];

/**
 * Reads a policy from JSON or YAML: `expires_at`, `rules` and perhaps more of `FIELDS`. Throws with the line of each fault, and for a policy that allows
 * nothing any more.
 */
export async function readPolicy(path: string, dataset: string, session: Session): Promise<Draft<PolicyStatement>> {
  const { say, shell } = session;
  const { name: file, value, place } = await readChainFile(path, shell, say);
  const fields = isObject(value) ? value : {};
  const draft = { ...fields, kind: 'policy', dataset } as Draft<PolicyStatement>;
  const dated = { ...draft, party: 'a', serial: 1, issued_at: '2026-01-01T00:00:00Z' } as PolicyStatement;
  const strangers = Object.keys(fields).filter((name) => !FIELDS.includes(name));
  const faults: InputFault[] = isObject(value)
    ? [
        ...strangers.map((name) => ({
          code: 'UNKNOWN_FIELD',
          pointer: `/${name}`,
          message: `${name} is not a known field: a policy has ${FIELDS.join(', ')}.`,
        })),
        ...statementFaults(dated)
          .filter((fault) => !strangers.includes(fault.pointer?.slice(1) ?? ''))
          .map(withAdvice),
      ]
    : [{ code: 'INVALID_TYPE', pointer: '', message: 'A policy is an object with expires_at and rules.' }];
  if (faults.length === 0 && Date.parse(draft.expires_at) <= Date.now()) {
    faults.push({
      code: 'OUT_OF_RANGE',
      pointer: '/expires_at',
      message: 'expires_at is over: the policy would allow nothing.',
    });
  }
  for (const [column, { min, max }] of faults.length === 0 ? Object.entries(draft.bounds ?? {}) : []) {
    if (min < max) continue;
    const pointer = `/bounds/${column.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    faults.push({ code: 'OUT_OF_RANGE', pointer, message: 'min must be below max.' });
  }
  if (faults.length === 0) return draft;
  throw new Failure(EXIT.INVALID, say('The policy is not valid.'), { file, faults: place(faults) });
}

/** What to write in place of a value whose pattern would say little. */
const ADVICE: readonly (readonly [place: RegExp, advice: string])[] = [
  [/\/expires_at$/, 'is a time in UTC such as 2027-06-30T00:00:00Z'],
  [
    /\/(with|proposers|receivers|effects_to|coefficients_to)\/\d+$/,
    'is the name of a party: letters, digits, "_" and "-", a letter first',
  ],
  [/\/params\/[^/]+$/, 'is a JSON pointer into task_config such as /method'],
];

function withAdvice(fault: InputFault): InputFault {
  const advice = ADVICE.find(([place]) => fault.code === 'INVALID_FORMAT' && place.test(fault.pointer ?? ''))?.[1];
  if (advice === undefined) return fault;
  const field = fault.pointer!.split('/').at(-1)!.replaceAll('~1', '/').replaceAll('~0', '~');
  return { ...fault, message: `${/^\d+$/.test(field) ? 'Each entry' : field} ${advice}.` };
}
