import { isDeepStrictEqual } from 'node:util';
import { resultFault } from '#libs/chain-domain';
import { NEUTRAL, TaskFailure, type JsonObject, type TaskRunResult } from '#libs/compute';
import { canonicalJson } from '#libs/consent';
import { artifactsHash, membersHash, OFFERS_FROM, readVote, resultHash, type SiteAnswer } from '#libs/peers';
import type { SiteOfRun } from '#libs/repositories';

/** What is to be done about a run at sites. */
export type Verdict =
  | { readonly kind: 'wait' }
  /** All have accepted, and are here. */
  | { readonly kind: 'go' }
  | { readonly kind: 'running'; readonly fraction: number; readonly stage: string }
  /** All are prepared, and say the same. It counts where each has voted for it. */
  | { readonly kind: 'prepared'; readonly outcome: TaskRunResult }
  | { readonly kind: 'failed'; readonly error: TaskFailure; readonly lost?: true };

type AnswerOf<S extends SiteAnswer['state']> = Extract<SiteAnswer, { state: S }>;

const OVER: readonly SiteOfRun['state'][] = ['LOST', 'CANCELLED', 'DONE'];

/** Judges a run by what its sites have answered. Pure. */
export function judgeSites(sites: readonly SiteOfRun[]): Verdict {
  const gone = sites.find(({ counts }) => !counts);
  if (gone) return failed('SITE_UNAVAILABLE', `The site of ${gone.party} was revoked.`);
  const refused = sites.find(({ state }) => state === 'REFUSED');
  if (refused) {
    const { reason } = answerOf(refused) as AnswerOf<'REFUSED'>;
    return failed('SITE_REFUSED', `The site of ${refused.party} refused the task: ${reason}`);
  }
  const failures = sites.filter(({ state }) => state === 'FAILED').map(failureOf);
  // A site that fails is lost to the others: what it says itself counts more.
  const failure = failures.find(({ code }) => code !== 'PARTY_LOST') ?? failures[0];
  if (failure) return { kind: 'failed', error: failure };
  if (sites.every(({ state }) => state === 'PREPARED')) return agreed(sites);
  const over = sites.find(({ state }) => OVER.includes(state));
  if (over) return partyLost(`The run has ended at the site of ${over.party} before its end was known here.`);
  const old = sites.find(({ is_here: isHere, version }) => isHere && version !== null && version < OFFERS_FROM);
  if (old)
    return failed(
      'SITE_UNAVAILABLE',
      `The site of ${old.party} speaks version ${old.version} of the protocol with the control plane, and tasks are offered from version ${OFFERS_FROM} on: update task-chain-node there.`,
    );
  if (sites.every(({ state }) => state === 'ACCEPTED'))
    return { kind: sites.every(({ is_here: isHere }) => isHere) ? 'go' : 'wait' };
  const under = sites.filter(({ state }) => state === 'GO' || state === 'RUNNING');
  // Others are prepared. One that is has nothing to lose, however long it is away.
  if (under.length === 0) return { kind: 'wait' };
  const away = under.find(({ is_here: isHere }) => !isHere);
  if (away) return { ...partyLost(`The site of ${away.party} has been away for 30 s during the run.`), lost: true };
  const slowest = under.reduce((a, b) => (b.fraction < a.fraction ? b : a));
  return { kind: 'running', fraction: slowest.fraction, stage: slowest.stage ?? 'begins' };
}

/** The result of a run for which all are prepared: they have to agree on it to the last letter. */
function agreed(sites: readonly SiteOfRun[]): Verdict {
  const parties = sites.filter(({ dealer }) => !dealer);
  const answers = parties.map((site) => answerOf(site) as AnswerOf<'PREPARED'>);
  for (const { result } of answers) {
    const fault = resultFault(result);
    if (fault) return { kind: 'failed', error: new TaskFailure(fault.code, fault.message, false, fault.details) };
  }
  const results = new Set(answers.map(({ result }) => canonicalJson(result)));
  const [{ result }] = answers as [AnswerOf<'PREPARED'>];
  if (results.size !== 1 || result === null) {
    const message = `The sites of ${parties.map(({ party }) => party).join(', ')} do not agree on the result: compare their records.`;
    return failed('PROTOCOL_VIOLATION', message);
  }
  for (const [at, { party }] of parties.entries()) {
    const foreign = answers[at]!.artifacts.find(({ name }) => !name.startsWith(`${party}/`));
    if (foreign) return failed('PROTOCOL_VIOLATION', `The site of ${party} names a file that is not of ${party}.`);
  }
  return {
    kind: 'prepared',
    outcome: { result: result as JsonObject, artifacts: answers.flatMap((each) => each.artifacts) },
  };
}

/** Why a run does not count for which all are prepared. Undefined: each site has voted for it, by the key that it was offered to. */
export async function voteFault(sites: readonly SiteOfRun[]): Promise<TaskFailure | undefined> {
  const nameOf = ({ party, dealer }: SiteOfRun): string => (dealer ? NEUTRAL : party);
  const members = membersHash(Object.fromEntries(sites.map((site) => [nameOf(site), site.fingerprint])));
  const votes = await Promise.all(sites.map(({ vote }) => readVote(vote!)));
  for (const [at, site] of sites.entries()) {
    const { result, artifacts } = answerOf(site) as AnswerOf<'PREPARED'>;
    const said = {
      ...{ member: nameOf(site), run: site.run, members },
      ...{ result: resultHash(result), files: artifactsHash(artifacts) },
    };
    const { vote, fingerprint } = votes[at] ?? {};
    const isItsOwn = fingerprint === site.fingerprint && isDeepStrictEqual({ ...vote, ...said }, vote);
    if (!isItsOwn) {
      const message = `The site of ${site.party} has not signed what it says, or with other keys of the members than they have joined with.`;
      return failed('PROTOCOL_VIOLATION', message).error;
    }
  }
  const of = new Set(votes.map((each) => `${each!.vote.session} ${each!.vote.task}`));
  if (of.size === 1) return undefined;
  const message = `The sites of ${sites.map(({ party }) => party).join(', ')} have not signed the same run: compare their records.`;
  return failed('PROTOCOL_VIOLATION', message).error;
}

function failureOf(site: SiteOfRun): TaskFailure {
  const { code, message, retryable } = answerOf(site) as AnswerOf<'FAILED'>;
  return new TaskFailure(code, `The site of ${site.party} says: ${message}`, retryable, { party: site.party });
}

/** It was checked before it was stored. */
const answerOf = ({ answer }: SiteOfRun): SiteAnswer => JSON.parse(answer!) as SiteAnswer;

type Failed = Extract<Verdict, { kind: 'failed' }>;
const failed = (code: string, message: string): Failed => ({ kind: 'failed', error: new TaskFailure(code, message) });
const partyLost = (message: string): Failed => ({
  kind: 'failed',
  error: new TaskFailure('PARTY_LOST', message, true),
});
