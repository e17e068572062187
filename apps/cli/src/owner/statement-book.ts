import { dirname } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { isObject, type InputFault } from '#libs/chain-domain';
import { canonicalJson, STATEMENT_SCHEMAS, subjectOf, type Statement, type StatementKind } from '#libs/consent';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { faultsOf } from '../schema-faults.js';
import type { Session } from '../session.js';
import { OwnerFolder } from './owner-folder.js';
import { readKey, verifiedText, type PublicKey, type SigningKey } from './signing-key.js';

/** The signer of a party: its key, or the API alone if its owner trusts the operator. */
export interface SignFlags {
  readonly key?: string;
  readonly unsigned?: string;
}

/** A statement before it is dated. */
export type Draft<T extends Statement> = Omit<T, 'party' | 'serial' | 'issued_at'>;

interface Stored {
  readonly statement: Statement;
  readonly signed: string | null;
}

/** The statements of a party: reads those that count, and signs and sends new ones. */
export class StatementBook {
  private readonly answers = new Map<StatementKind, Promise<Stored[]>>();

  private constructor(
    private readonly session: Session,
    readonly party: string,
    private readonly key: SigningKey | undefined,
    private readonly trusted: readonly PublicKey[],
  ) {}

  /** Throws where the flags name neither a key nor `--unsigned`, or the key of another party. */
  static async open(session: Session, flags: SignFlags, party?: string): Promise<StatementBook> {
    const { say } = session;
    if (flags.key === undefined) {
      const named = flags.unsigned;
      if (named === undefined) {
        const hint = say('Owners who trust the operator (approvals: server) use --unsigned <party> instead.');
        throw new Failure(EXIT.USAGE, say('Name the signing key: --key <file>'), { hint });
      }
      if (party !== undefined && party !== named) throw otherParty(session, named, party);
      return new StatementBook(session, named, undefined, []);
    }
    const key = await readKey(flags.key, session);
    if (party !== undefined && party !== key.party) throw otherParty(session, key.party, party);
    // Statements of an older key are the owner's as well, as long as it is not retired.
    const owner = await new OwnerFolder(dirname(key.path), session).readOf(key.party).catch(() => undefined);
    return new StatementBook(session, key.party, key, [key.publicKey, ...(owner?.keys ?? [])]);
  }

  /**
   * The newest statement of each subject. What the owner did not sign is left out with a remark: the server could have made it up, and
   * a change of it would sign that.
   */
  async list<T extends Statement>(kind: T['kind']): Promise<T[]> {
    const found: T[] = [];
    for (const { statement, signed } of await this.stored(kind)) {
      if (this.key === undefined || (await this.isOwn(statement, signed))) found.push(statement as T);
      else {
        const subject = subjectOf(statement);
        this.session.remark(
          this.session.say('ignored, because no key of {party} signed it: {subject}', { party: this.party, subject }),
        );
      }
    }
    return found;
  }

  /** Dates, checks, signs and sends a statement. Returns it as it was sent. */
  async put<T extends Statement>(draft: Draft<T>): Promise<T> {
    const statement = await this.dated(draft);
    const faults = statementFaults(statement);
    if (faults.length > 0) {
      throw new Failure(EXIT.INVALID, this.session.say('The statement is not valid.'), { faults });
    }
    const body = this.key === undefined ? { statement } : { signed: await this.key.sign(statement) };
    await this.session.client.putStatement({ path: { party: this.party }, body });
    return statement;
  }

  /**
   * A serial counts milliseconds, so that a newer statement also replaces those that a server holds back, or has lost by a
   * restored backup.
   */
  private async dated<T extends Statement>(draft: Draft<T>): Promise<T> {
    const now = Date.now();
    const statement = { ...draft, party: this.party, serial: now, issued_at: new Date(now).toISOString() } as T;
    const subject = subjectOf(statement);
    const before = (await this.stored(statement.kind)).find((each) => subjectOf(each.statement) === subject);
    return { ...statement, serial: Math.max(now, (before?.statement.serial ?? 0) + 1) };
  }

  /** The server's statements of a kind, fetched once. */
  private stored(kind: StatementKind): Promise<Stored[]> {
    const asked = this.answers.get(kind) ?? this.ask(kind);
    this.answers.set(kind, asked);
    return asked;
  }

  private async ask(kind: StatementKind): Promise<Stored[]> {
    const { items } = await this.session.client.listStatements({ path: { party: this.party }, query: { kind } });
    return items.flatMap(({ body, signed }) => {
      const statement: unknown = body;
      return isStatement(statement) && statement.party === this.party ? [{ statement, signed }] : [];
    });
  }

  private async isOwn(statement: Statement, signed: string | null): Promise<boolean> {
    return signed !== null && (await verifiedText(signed, this.trusted)) === canonicalJson(statement);
  }
}

const ajv = new Ajv2020({ allErrors: true, strict: false, verbose: true });

/** Whether it is a statement; what kind of statement its `kind` says. */
export const isStatement = (value: unknown): value is Statement => statementFaults(value).length === 0;

/** Where a statement does not fit the schema of its kind. */
export function statementFaults(statement: unknown): InputFault[] {
  const kind = isObject(statement) ? statement['kind'] : undefined;
  const schema = Object.entries(STATEMENT_SCHEMAS).find(([each]) => each === kind)?.[1] ?? { not: {} };
  return faultsOf(ajv.compile(schema), statement, 'the statement');
}

function otherParty({ say }: Session, found: string, wanted: string): Failure {
  return new Failure(EXIT.USAGE, say('The key belongs to the party {found}, not to {wanted}.', { found, wanted }));
}
