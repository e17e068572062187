import { TaskFailure, type PartyResult, type TaskConsent, type TaskRun } from '../contract/task-type.js';
import type { FileRoots } from './input-files.js';
import type { ToParty, WrittenFile } from './party-link.js';
import type { ProcessEnd } from './start-guarded.js';
import type { PartyProcess } from './start-process.js';

/** A process of a run, and what its coordinator knows of it. */
export interface Member {
  readonly name: string;
  readonly roots: FileRoots;
  readonly process: PartyProcess;
  done: boolean;
  lost: boolean;
  value: unknown;
  own: PartyResult | null;
  fraction: number;
  sentBytes: number;
  /** Whether it waits for what runs outside. */
  waits: boolean;
  readonly temporaries: Set<string>;
  readonly written: WrittenFile[];
}

export function memberOf(name: string, roots: FileRoots, process: PartyProcess): Member {
  return {
    name,
    roots,
    process,
    done: false,
    lost: false,
    value: null,
    own: null,
    fraction: 0,
    sentBytes: 0,
    waits: false,
    temporaries: new Set(),
    written: [],
  };
}

export function post(member: Member, message: ToParty): void {
  if (!member.done) member.process.transport.post(message);
}

/** What one party sees of a run's consent. */
export const consentOf = (consent: TaskConsent, party: string): TaskConsent => ({
  ...consent,
  statements: { [party]: consent.statements[party] ?? [] },
});

/** Says to a process what its owner has signed by now, as far as it is known here. */
export async function postStatements(
  member: Member,
  { site, consent }: Pick<TaskRun, 'site' | 'consent'>,
): Promise<void> {
  const statements = (await site?.statements?.()) ?? consent?.statements[member.name] ?? [];
  post(member, { kind: 'statements', statements });
}

/** Why a process ended that its coordinator did not end. */
export function failureOf(party: string, end: ProcessEnd): TaskFailure {
  if (end.kind === 'memory') {
    const message = `Party ${party} needs more memory than a party of a task may have. Give the task a smaller table.`;
    return new TaskFailure('OUT_OF_MEMORY', message, false, { party });
  }
  const how =
    end.kind === 'lost' ? end.how : `its process ended with ${end.kind === 'ended' ? end.how : 'its coordinator'}`;
  return new TaskFailure('PARTY_LOST', `Party ${party} was lost: ${how}.`, true, { party });
}
