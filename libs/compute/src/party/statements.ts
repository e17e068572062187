import { compactVerify } from 'jose/jws/compact/verify';
import {
  canonicalJson,
  parseDatasetRef,
  STATEMENT_SCHEMAS,
  subjectOf,
  type DatasetStatement,
  type Statement,
  type StatementKind,
} from '#libs/consent';
import { compileSchema } from '../contract/schema-faults.js';
import { TaskFailure, type SentStatement } from '../contract/task-type.js';
import type { Owner } from './owner.js';
import type { PartyLedger } from './party-ledger.js';

/** What was read last: a run that serves is sent the same again and again, and checks each signature once. */
const lastRead = new WeakMap<Owner, { readonly text: string; readonly newest: ReadonlyMap<string, Statement> }>();

/**
 * The party's newest statements by subject, of those that its owner signed. Everything else is left out: who controls the database can
 * send any text, and it changes nothing.
 */
export async function readStatements(
  party: string,
  owner: Owner,
  sent: readonly SentStatement[],
): Promise<ReadonlyMap<string, Statement>> {
  const text = JSON.stringify(sent);
  const last = lastRead.get(owner);
  if (last?.text === text) return last.newest;
  const newest = new Map<string, Statement>();
  for (const each of sent) {
    const statement = await readStatement(owner, each);
    if (statement?.party !== party) continue;
    const subject = subjectOf(statement);
    if ((newest.get(subject)?.serial ?? 0) < statement.serial) newest.set(subject, statement);
  }
  lastRead.set(owner, { text, newest });
  return newest;
}

/**
 * Those of the statements that are not older than one that the party saw before, and remembers their serials: an older one was replaced, and
 * whoever sends it again holds the newer one back.
 */
export async function currentOf(
  ledger: PartyLedger,
  sent: ReadonlyMap<string, Statement>,
): Promise<ReadonlyMap<string, Statement>> {
  const { serials } = await ledger.read();
  const current = [...sent].filter(([subject, { serial }]) => serial >= (serials.get(subject) ?? 0));
  const unseen = current.filter(([subject, { serial }]) => serial > (serials.get(subject) ?? 0));
  await ledger.append(...unseen.map(([subject, { serial }]) => ({ kind: 'serial', subject, serial }) as const));
  return new Map(current);
}

/**
 * The statement of a dataset that the owner offers. Throws DATASET_UNKNOWN where none was signed, or the owner took it back. `label` is
 * the file that was made of the dataset, if it is not read itself.
 */
export function offeredDataset(
  party: string,
  statements: ReadonlyMap<string, Statement>,
  reference: string,
  label?: string,
): DatasetStatement {
  const ref = parseDatasetRef(reference);
  const subject = ref && `dataset:${ref.party}/${ref.name}@${ref.version}`;
  const found = subject === undefined ? undefined : (statements.get(subject) as DatasetStatement | undefined);
  if (found !== undefined && found.removed !== true) return found;
  const source = label === undefined ? reference : `${label} was made of ${reference}, which`;
  throw new TaskFailure(
    'DATASET_UNKNOWN',
    `Party ${party}: ${source} is no dataset that the party's owner has signed${found === undefined ? '' : '; it was removed'}. ` +
      'See the list with "task-chain datasets ls".',
    false,
    { party, dataset: reference },
  );
}

async function readStatement(owner: Owner, sent: SentStatement): Promise<Statement | undefined> {
  if (typeof sent !== 'string') return owner.approvals === 'server' ? checked(sent) : undefined;
  try {
    const { payload } = await compactVerify(
      sent,
      ({ kid }) => {
        const key = owner.keys.get(kid ?? '');
        if (key === undefined) throw new Error('not a key of the owner');
        return key;
      },
      { algorithms: ['EdDSA'] },
    );
    const text = Buffer.from(payload).toString('utf8');
    const statement = checked(JSON.parse(text));
    return statement !== undefined && canonicalJson(statement) === text ? statement : undefined;
  } catch {
    return undefined;
  }
}

function checked(value: unknown): Statement | undefined {
  const kind = (value as { readonly kind?: unknown } | null)?.kind;
  if (typeof kind !== 'string' || !Object.hasOwn(STATEMENT_SCHEMAS, kind)) return undefined;
  const schema = STATEMENT_SCHEMAS[kind as StatementKind] as Record<string, unknown>;
  return compileSchema(schema)(value) ? (value as Statement) : undefined;
}

/** The statements of one kind. */
export const ofKind = <T extends Statement>(
  statements: ReadonlyMap<string, Statement>,
  kind: T['kind'],
): readonly T[] => [...statements.values()].filter((each): each is T => each.kind === kind);
