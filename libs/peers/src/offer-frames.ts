import { readHostPort } from '#libs/network';

/** What the control plane has stored of one run of a task at one site. */
const OFFER_STATES = [
  /** The site has not answered yet. */
  'OFFERED',
  'ACCEPTED',
  'REFUSED',
  /** All sites have accepted: they are to run it. */
  'GO',
  'RUNNING',
  /** Its part is complete. Nothing of it has a name until all are. */
  'PREPARED',
  'FAILED',
  /** All were prepared, and the task has ended with that: the site keeps its part. */
  'COMMIT',
  /** The run came to nothing: the site drops its part. */
  'ABORT',
] as const;
export type OfferState = (typeof OFFER_STATES)[number];

/** A run that is offered to a site, or of which it has to hear what became. */
export interface OfferLine {
  readonly run: string;
  readonly state: OfferState;
  /** `host:port`: where sites that cannot reach each other meet, while they are to run it. Absent: at the control plane itself. */
  readonly relay?: string;
}

/**
 * From the control plane: a task once on each connection, and so the votes of all for a run that counts; and all that is offered whenever it
 * changes, and every few seconds.
 */
export type ToSite =
  | { readonly kind: 'task'; readonly run: string; readonly task: unknown }
  | { readonly kind: 'votes'; readonly run: string; readonly votes: readonly string[] }
  | { readonly kind: 'offers'; readonly offers: readonly OfferLine[] };

/** A file that a run left at a site. `sha256` is keyed by the site: it tells others nothing of the content. */
interface SiteArtifact {
  readonly name: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** From a site: its state in a run. It says it again until the control plane has stored it. */
export type SiteAnswer = { readonly run: string } & (
  | { readonly state: 'ACCEPTED' }
  | { readonly state: 'REFUSED'; readonly reason: string }
  | { readonly state: 'RUNNING'; readonly fraction: number; readonly stage: string }
  /** `result` is null at a dealer. `vote` is what `signVote` makes. */
  | {
      readonly state: 'PREPARED';
      readonly result: unknown;
      readonly artifacts: readonly SiteArtifact[];
      readonly vote: string;
    }
  /** It has done what was decided, or has nothing of the run. */
  | { readonly state: 'SETTLED' }
  | { readonly state: 'FAILED'; readonly code: string; readonly message: string; readonly retryable: boolean }
);

/** Longest frame, bytes: a result has at most 64 KiB, and a task that is offered too. */
export const FRAME_BYTES = 256 * 1024;
/** Most runs that are offered to a site at once. */
export const MOST_OFFERS = 100;
/** Most decisions among them; later ones are not listed yet. The first LIMIT of `offers_of_nodes` has it in SQL: migrations/0042-votes-of-sites.ts. */
export const MOST_DECISIONS = 50;
const MOST_ARTIFACTS = 200;
/** Of all members of a run. */
const MOST_VOTES = 128;
const VOTE = /^[\w-]+\.[\w-]+\.[\w-]{86}$/;
const VOTE_LENGTH = 1_500;
/** As deep as a result may be nested. */
const MOST_LEVELS = 32;
const RUN = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;
const NAME = /^[A-Za-z][\w-]{0,63}\/[^\p{Cc}\p{Surrogate}]{1,180}$/u;

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown, most: number): value is string => typeof value === 'string' && value.length <= most;
/** Text of the other end without what a terminal, or a database, acts on, and without halves of characters. */
const plain = (text: string): string => text.replaceAll(/[\p{Cc}\p{Surrogate}]/gu, ' ');

/** Reads a frame of the control plane; undefined: it is none. */
export function readToSite(frame: unknown): ToSite | undefined {
  if (!isObject(frame)) return undefined;
  const { kind, run, task, votes, offers } = frame;
  if (kind === 'task' && isRun(run) && isObject(task)) return { kind, run, task };
  if (kind === 'votes' && isRun(run) && Array.isArray(votes) && votes.length <= MOST_VOTES)
    return (votes as unknown[]).every(isVote) ? { kind, run, votes } : undefined;
  if (kind !== 'offers' || !Array.isArray(offers) || offers.length > MOST_OFFERS) return undefined;
  const lines = (offers as unknown[]).map((each): OfferLine | undefined =>
    isObject(each) &&
    isRun(each.run) &&
    OFFER_STATES.includes(each.state as OfferState) &&
    (each.relay === undefined || isRelay(each.relay))
      ? { run: each.run, state: each.state as OfferState, ...(each.relay !== undefined && { relay: each.relay }) }
      : undefined,
  );
  return lines.every((each) => each !== undefined) ? { kind, offers: lines } : undefined;
}

/** Reads a frame of a site; undefined: it is none. */
export function readAnswer(frame: unknown): SiteAnswer | undefined {
  if (!isObject(frame) || !isRun(frame.run)) return undefined;
  const { run, state, reason, fraction, stage, result, artifacts, vote, code, message, retryable } = frame;
  switch (state) {
    case 'ACCEPTED':
    case 'SETTLED':
      return { run, state };
    case 'REFUSED':
      return isText(reason, 500) ? { run, state, reason: plain(reason) } : undefined;
    case 'RUNNING':
      if (typeof fraction !== 'number' || !(fraction >= 0 && fraction <= 1) || !isText(stage, 128)) return undefined;
      return { run, state, fraction, stage: plain(stage) };
    case 'PREPARED':
      if (result !== null && (!isObject(result) || !isShallow(result))) return undefined;
      return areArtifacts(artifacts) && isVote(vote) ? { run, state, result, artifacts, vote } : undefined;
    case 'FAILED':
      if (!isText(code, 64) || !CODE.test(code) || !isText(message, 2_000) || typeof retryable !== 'boolean')
        return undefined;
      return { run, state, code, message: plain(message), retryable };
    default:
      return undefined;
  }
}

const isRelay = (text: unknown): text is string => isText(text, 262) && readHostPort(text) !== undefined;
const isVote = (vote: unknown): vote is string => isText(vote, VOTE_LENGTH) && VOTE.test(vote);
/** Whether it is the name of a run. */
export const isRun = (run: unknown): run is string => typeof run === 'string' && RUN.test(run);

/** Whether functions that call themselves may read it, and it is whole text. It goes level by level: a frame has room for 100,000 of them. */
function isShallow(value: object): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 1; depth <= MOST_LEVELS && level.length > 0; depth += 1) {
    const members = level.flatMap((each) => Object.entries(each as object));
    const texts = members.flat().filter((each) => typeof each === 'string');
    if (texts.some((text) => /\p{Surrogate}/u.test(text))) return false;
    level = members.map(([, member]) => member as unknown).filter((each) => typeof each === 'object' && each !== null);
  }
  return level.length === 0;
}

function areArtifacts(list: unknown): list is readonly SiteArtifact[] {
  return (
    Array.isArray(list) &&
    list.length <= MOST_ARTIFACTS &&
    (list as unknown[]).every(
      (each) =>
        isObject(each) &&
        isText(each.name, 245) &&
        NAME.test(each.name) &&
        isText(each.mediaType, 128) &&
        /^[\w.+-]+\/[\x20-\x7e]+$/.test(each.mediaType) &&
        Number.isSafeInteger(each.sizeBytes) &&
        (each.sizeBytes as number) >= 0 &&
        typeof each.sha256 === 'string' &&
        /^[0-9a-f]{64}$/.test(each.sha256),
    )
  );
}
