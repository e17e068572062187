import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import {
  approvalOf,
  isAsWritten,
  judgeUse,
  leastGroupRows,
  misuseOf,
  namesKeys,
  readersOf,
  siteWordsOf,
  usesOf,
  type ApprovalStatement,
  type Covering,
  type LedgerEntry,
  type PartyStatement,
  type PolicyStatement,
  type ReadersField,
  type StandingStatement,
  type Statement,
  type UseRequest,
} from '#libs/consent';
import { TaskFailure, type OwnValue, type SentStatement, type TaskConsent } from '../contract/task-type.js';
import { boundsOf, type BoundsByColumn } from './column-bounds.js';
import { taskHash } from './hashes.js';
import { openInput, type FileRoots, type InputFile } from './input-files.js';
import { haveRowsKeys, requireKeys } from './key-columns.js';
import { namesOf, writeLineage, type Lineage } from './lineage.js';
import { readOwner, type Owner } from './owner.js';
import { isAboutRows, type Opened } from './opened.js';
import { openOwnValues } from './open-own-values.js';
import type { OutputLedger } from './output-files.js';
import type { WrittenFile } from './party-link.js';
import { PartyLedger } from './party-ledger.js';
import { requireListed } from './recipients.js';
import { reserve } from './reservation.js';
import { RowSets, type OutputRows } from './row-sets.js';
import { RunRows } from './run-rows.js';
import { RunUse } from './run-use.js';
import { requireSources, sourceOf, type Reader } from './source-of.js';
import { useRequestOf } from './use-request.js';
import { isNewest, reasonOf, RunStanding } from './standing.js';
import { currentOf, offeredDataset, ofKind, readStatements } from './statements.js';
import { isOfRows, keepForOwner, OwnersFailure, withoutRows } from './failure-for-others.js';

/** The run as a party's process knows it. */
export interface AdmissionRequest {
  readonly roots: FileRoots & { readonly root: string };
  readonly peers: readonly string[];
  readonly consent: TaskConsent | null;
  /** By marker: values of the party's own results. */
  readonly own: Readonly<Record<string, OwnValue>>;
  /** Whether this is the party's own site, as the process was started: what the task says of it proves nothing. */
  readonly atSites: boolean;
}

/**
 * Opens a claimed party's files as far as the owner allows it: each file is judged before its first byte is given out, by the
 * statements that the owner signed and by what the party remembers, and by nothing that the database says.
 */
export class Admission {
  private readonly task: string;
  /** What was read, directly or through artifacts: `<name>@<version>`, or a name from an older lineage. */
  private readonly versions = new Set<string>();
  private plain = false;
  /** Whether all that was opened is what the owner saw: named in the task as written, or made by a task that it names. */
  private asWritten: boolean;
  private readonly uses: RunUse;
  private readonly standing: RunStanding;
  private readonly files: Record<string, string> = {};
  /** Makes the digests of each run differ: equal ones would show that two intersections are equal, or empty. */
  private readonly salt = randomUUID();
  /** Files are judged one after the other: each adds to what the next is judged by. */
  private last: Promise<unknown> = Promise.resolve();
  /** Of the files that were read. */
  private readonly digests = new Set<string>();
  private readonly rows: RunRows;
  /** Whether the rows were compared with those of earlier figures. */
  private isJudged = false;
  /** Why a file was not opened: it says nothing of rows that were read. */
  private notOpened: unknown;

  private constructor(
    readonly owner: Owner,
    /** By marker, opened. */
    readonly own: Readonly<Record<string, string>>,
    private readonly request: AdmissionRequest,
    private statements: ReadonlyMap<string, Statement>,
    private readonly ledger: PartyLedger,
  ) {
    this.rows = new RunRows(new RowSets(request.roots.party, request.roots.root, owner));
    const { consent } = request;
    this.task = consent === null ? '' : taskHash(consent.task);
    this.standing = new RunStanding(ofKind<StandingStatement>(statements, 'standing'), consent?.task);
    const isOwnUsed = Object.keys(own).length > 0;
    this.uses = new RunUse({ task: this.task, params: consent?.params, ...(isOwnUsed && { own: Object.values(own) }) });
    this.asWritten = consent !== null && !isOwnUsed && isAsWritten(consent.task.params, consent.params);
  }

  /** Throws TaskFailure POLICY_INVALID. */
  static async start(request: AdmissionRequest): Promise<Admission> {
    const { roots, consent } = request;
    const owner = await readOwner(roots.party, roots.root);
    const own = await openOwnValues(owner, roots, request.own);
    const ledger = new PartyLedger(roots.root);
    const sent = await readStatements(roots.party, owner, consent?.statements[roots.party] ?? []);
    return new Admission(owner, own, request, await currentOf(ledger, sent), ledger);
  }

  /** Opens a file as `openInput` does. Throws also POLICY_REFUSED, APPROVAL_REQUIRED, DATASET_UNKNOWN and DATASET_CHANGED. */
  open(label: string): Promise<InputFile> {
    const opened = this.last.then(() => this.openNext(label));
    this.last = opened.catch((error: unknown) => (this.notOpened = error));
    return opened;
  }

  /** `<name>@<version>` of all that was read. */
  get datasets(): readonly string[] {
    return [...this.versions].sort();
  }

  /** The smallest group of rows that a figure for others may cover, by the newest policies of all that was read. */
  get minGroupRows(): number {
    return leastGroupRows(namesOf([...this.versions]), this.policies);
  }

  /** The parties that the owner lets read effects or coefficients of all that was read. */
  readersOf(field: ReadersField): readonly string[] {
    return this.plain ? [] : readersOf(field, namesOf([...this.versions]), this.policies, new Date().toISOString());
  }

  /**
   * Judges what was read once more, by the time and by all that the owner has signed by now: a run that opens something long after it has read is
   * allowed still. Throws as {@link open} does.
   */
  async stillAllowed(sent: readonly SentStatement[]): Promise<void> {
    try {
      const read = await readStatements(this.request.roots.party, this.owner, sent);
      this.statements = await currentOf(this.ledger, read);
      requireSources(this.reader, this.datasets);
      if (this.versions.size > 0 || this.plain) await this.requireUse([...this.versions], this.plain, true);
    } catch (error) {
      this.notOpened = error;
      throw error;
    }
  }

  /** Counts what the run is about to open. Throws BUDGET_EXHAUSTED. */
  async reserve(opened: Opened): ReturnType<typeof reserve> {
    this.isJudged ||= isAboutRows(opened);
    const { roots, peers, consent } = this.request;
    const { keys = [], to } = opened;
    const rows = await this.rows.judgedBy(this.minGroupRows, opened.rows);
    // Keys of files that are no datasets are their owner's alone: it approves each task.
    if (keys.length > 0 && this.versions.size > 0) {
      const now = new Date().toISOString();
      const areNamed = () => namesKeys(keys, this.useOf([...this.versions], this.plain), this.policies, now);
      requireKeys(roots.party, keys, rows.sets, areNamed);
    }
    // Nobody learns anything, and the rows need no judgement; or no row was read.
    if ((to?.length === 0 && haveRowsKeys(rows.sets, keys)) || (opened.ofRows && !this.rows.areKnown))
      return { entry: undefined, warnings: [] };
    const run = {
      party: roots.party,
      peers,
      task: `${roots.chainId}/${roots.taskId}`,
      type: consent?.task.task_type ?? '',
      ...this.uses.now,
      versions: this.datasets,
      digests: [...this.digests].sort(),
      rows,
    };
    const reserved = await reserve(this.ledger, this.statements, run, opened);
    if (reserved.entry === undefined || !this.uses.take((await this.ledger.read()).openings)) return reserved;
    // Another run of the task opened something meanwhile: this is one more.
    await this.ledger.append({ kind: 'void', id: reserved.entry.id });
    await this.requireUse([...this.versions], this.plain);
    return this.reserve(opened);
  }

  /**
   * What others see of a failure. That rows end a task is a figure about them, such as that all their labels are equal: it is noted and judged as
   * one, and a refusal stands in its place, as it would in place of a success.
   */
  async failureOf(error: unknown): Promise<unknown> {
    const { party, root, chainId, taskId } = this.request.roots;
    const place = { party, root, task: `${chainId}/${taskId}` };
    if (error instanceof OwnersFailure) await keepForOwner(error, place);
    if (!isOfRows(error) || error === this.notOpened || !this.rows.areKnown) return error;
    const seen = this.rows.areChosen ? await withoutRows(error, place) : error;
    if (this.isJudged) return seen;
    return this.reserve({ columns: [], ofRows: true }).then(
      () => seen,
      (refusal: unknown) => refusal,
    );
  }

  /** The bounds that the owner states for columns of what was read. Throws BOUNDS_MISSING. */
  bounds(): BoundsByColumn {
    const { versions, plain } = this;
    return boundsOf(this.request.roots.party, this.statements, { versions: [...versions], plain });
  }

  /** Throws RECIPIENT_NOT_ALLOWED unless the owner's newest party statement lists every recipient. */
  requireRecipients(recipients: readonly string[]): void {
    const { party } = this.request.roots;
    const listed = (this.statements.get(`party:${party}`) as PartyStatement | undefined)?.recipients ?? [];
    const where = "the list that the party's owner signed";
    requireListed(party, listed, recipients, { where, how: 'The owner adds it by "task-chain parties recipients"' });
  }

  /** Notes a file that the party wrote. Of an artifact only a salted digest and a bound of the size leave the party. */
  recorded(file: WrittenFile, rows?: OutputRows): WrittenFile {
    if (file.artifact === undefined) return file;
    const { sha256, sizeBytes } = file.artifact;
    const name = basename(file.final);
    this.files[name] = this.owner.digest(sha256);
    const bytes = this.rows.note(name, rows, { path: file.temporary, bytes: sizeBytes });
    const [, digest] = this.owner.digest(`${this.salt} ${sha256}`).split(':') as [string, string];
    return { ...file, artifact: { ...file.artifact, sizeBytes: bytes, sha256: digest } };
  }

  /** Writes the lineage of the artifacts that were noted, if there are any, to be published with them. */
  async record(token: string, temporary: OutputLedger['temporary']): Promise<WrittenFile | undefined> {
    if (Object.keys(this.files).length === 0) return undefined;
    const { task, plain, files, datasets: versions } = this;
    const rows = await this.rows.ofOutputs();
    // An approval of a whole covers only what is as it was written.
    const standing = this.asWritten ? this.standing.coverings.map(({ key }) => key) : [];
    const marks = standing.length > 0 && { standing };
    const lineage: Lineage = { task, datasets: namesOf(versions), versions, plain, files, rows, ...marks };
    return writeLineage(this.request.roots, token, this.owner, lineage, temporary);
  }

  private get reader(): Reader {
    const { owner, statements, task } = this;
    const { roots, consent } = this.request;
    return { party: roots.party, owner, statements, chainId: roots.chainId, task, from: consent!.task.from ?? {} };
  }

  private get policies(): readonly PolicyStatement[] {
    return ofKind<PolicyStatement>(this.statements, 'policy');
  }

  private async openNext(label: string): Promise<InputFile> {
    const { roots, consent } = this.request;
    if (consent === null) throw this.refusal('APPROVAL_REQUIRED', 'the job carries no statement of its task');
    const dataset = label.startsWith('dataset:') ? offeredDataset(roots.party, this.statements, label) : undefined;
    const file = await openInput(roots, dataset?.file ?? label);
    try {
      const source = await sourceOf(this.reader, label, dataset, file);
      const { versions, plain, digest, rows } = source;
      this.digests.add(digest ?? `unknown ${this.salt}`);
      this.asWritten &&= this.isNamed(label) || (label.startsWith('artifact:') && !plain);
      await this.requireAllowed(versions, plain, this.standing.take(label, source));
      await this.rows.take(label, dataset?.digest, file, rows);
      return dataset === undefined ? file : { ...file, label };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Whether the task as it was written names the file itself, not by a reference to a result. */
  private isNamed(label: string): boolean {
    const { params, task_type: type } = this.request.consent!.task;
    const config = (params as { readonly task_config?: unknown } | null)?.task_config;
    return usesOf(config, this.request.roots.party, type).inputs.includes(label);
  }

  private async requireAllowed(versions: readonly string[], plain: boolean, isLessCovered: boolean): Promise<void> {
    const { roots, consent } = this.request;
    if (plain && consent!.task.proposer !== roots.party) {
      throw this.refusal('POLICY_REFUSED', 'only chains of the party itself name its files by path; name a dataset');
    }
    const added = versions.filter((each) => !this.versions.has(each));
    if (added.length === 0 && (!plain || this.plain) && !isLessCovered) return;
    await this.requireUse([...this.versions, ...added], plain || this.plain);
    for (const each of added) this.versions.add(each);
    this.plain ||= plain;
  }

  /** `again`: whether the run is counted already. */
  private async requireUse(versions: readonly string[], readsPlainFiles: boolean, again = false): Promise<void> {
    const { roots, consent } = this.request;
    // What the owner trusts the operator to say: that the chain is the party's own.
    const isFree = this.owner.approvals === 'server' && consent!.task.proposer === roots.party;
    const words =
      isFree && !this.request.atSites
        ? siteWordsOf({ datasets: namesOf(versions), readsPlainFiles }, this.policies)
        : undefined;
    if (words !== undefined) throw this.refusal('POLICY_REFUSED', `the owner refuses: ${words}`);
    if (!isFree) await this.judge(versions, readsPlainFiles, again);
  }

  private async judge(versions: readonly string[], readsPlainFiles: boolean, again: boolean): Promise<void> {
    const reasons = [...(await this.reasonsAgainst(versions, readsPlainFiles, again))];
    if (reasons.length === 0) return;
    reasons.push(...this.standing.misfits);
    for (const covering of this.standing.coverings.filter((each) => isNewest(each, this.statements))) {
      const found = await this.reasonsAgainst(versions, readsPlainFiles, again, covering);
      if (found.length === 0) return;
      reasons.push(...found);
    }
    throw this.refusal('APPROVAL_REQUIRED', reasons.join('; '));
  }

  /**
   * Why the owner has to be asked: nothing if a policy, an approval or this standing approval allows the run. Notes the use first and judges it by
   * the notes before it, so that of two tasks at once only one is the last that is allowed.
   */
  private async reasonsAgainst(
    versions: readonly string[],
    readsPlainFiles: boolean,
    again: boolean,
    covering?: Covering,
  ): Promise<readonly string[]> {
    const datasets = namesOf(versions);
    const { party } = this.request.roots;
    const now = new Date().toISOString();
    const approvals = ofKind<ApprovalStatement>(this.statements, 'approval');
    const approved = approvals.find(({ task, decision }) => task === this.task && decision === 'approve');
    if (!again) this.uses.take((await this.ledger.read()).openings);
    const { use } = this.uses.now;
    const approval = covering?.key ?? (approved && approvalOf(approved));
    const noted = approval !== undefined && { approval };
    const entry = { kind: 'use', id: randomUUID(), at: now, use, datasets, ...noted } as const;
    if (!again) await this.ledger.append(entry);
    const { uses, serials } = await this.ledger.read();
    const isMine = (each: LedgerEntry): boolean =>
      each.use === use && (covering === undefined || each.approval === covering.key);
    const mine = uses.findIndex(isMine);
    if (mine < 0) return ['it began otherwise'];
    const ledger = uses.slice(0, mine);
    const request = this.useOf(versions, readsPlainFiles);
    const verdict = judgeUse(request, { policies: this.policies, approvals, ledger }, now);
    const misuse = covering && misuseOf(covering, request, ledger, now);
    const isAllowed =
      verdict.kind === 'allowed' || (verdict.kind === 'ask' && covering !== undefined && misuse === undefined);
    const isHeldBack = (subject: string): boolean => serials.has(subject) && !this.statements.has(subject);
    const withheld = datasets.find((dataset) => isHeldBack(`policy:${party}/${dataset}`));
    if (isAllowed && withheld === undefined) return [];
    // What the task read before keeps its own entry.
    if (!again) await this.ledger.append({ kind: 'void', id: entry.id });
    if (isAllowed) {
      const why = `the newest policy of ${withheld} did not come with the task: send it again`;
      throw this.refusal('POLICY_REFUSED', why);
    }
    if (verdict.kind === 'refused') throw this.refusal('POLICY_REFUSED', `the owner refuses: ${verdict.words}`);
    if (covering !== undefined) return [reasonOf(covering.standing, misuse!)];
    return verdict.kind === 'ask' ? verdict.reasons : [];
  }

  private useOf(versions: readonly string[], readsPlainFiles: boolean): UseRequest {
    const { task, asWritten, statements } = this;
    const { use } = this.uses.now;
    const { roots, peers, consent, atSites } = this.request;
    const of = { task, use, asWritten, versions, readsPlainFiles, atSites };
    return useRequestOf(roots.party, peers, consent!, statements, of);
  }

  private refusal(code: 'POLICY_REFUSED' | 'APPROVAL_REQUIRED', why: string): TaskFailure {
    const { party } = this.request.roots;
    const next =
      code === 'APPROVAL_REQUIRED' ? ' The owner looks at it with "task-chain approvals ls" and decides.' : '';
    // Says where the owner decides: nobody is allowed anything by it.
    const way = code === 'APPROVAL_REQUIRED' && { approvals: this.owner.approvals };
    return new TaskFailure(code, `Party ${party}: ${why}.${next}`, false, { party, task: this.task, ...way });
  }
}
