import { Problem } from './problem.js';

const TAG = /^(W\/)?"[\x21\x23-\x7e]*"$/;

/** The ETag of a chain in this version, and of a task that last changed in this version of its chain. */
export const chainTag = (version: number): string => `"${version}"`;
export const taskTag = (changedVersion: number): string => `"t${changedVersion}"`;

/** How the header of a tag is described. */
export const ETAG = {
  ETag: {
    description:
      'Identifies this state, for If-Match and If-None-Match. Progress and the reasons for waiting do not change it.',
    schema: { type: 'string' as const },
    example: '"12"',
  },
};

/** The header, as the description shows it. */
export const IF_MATCH = {
  name: 'If-Match',
  required: false,
  description:
    'The ETag of the chain or, for a call on a task, of the task, as it was read. If it has changed since, nothing is done and the answer is 412.',
  schema: { type: 'string' as const },
};

/** The header of a poll, as the description shows it. */
export const IF_NONE_MATCH = {
  name: 'If-None-Match',
  required: false,
  description:
    'The ETag of the chain as it was read. While the chain has not started, or once it has ended, the answer is 304 without a body if nothing has changed since.',
  schema: { type: 'string' as const },
};

/** Whether an If-None-Match header names this chain in this version. */
export function namesVersion(ifNoneMatch: string, version: number): boolean {
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(chainTag(version));
}

/** The versions that an If-Match header allows; undefined: any. Throws BAD_REQUEST. */
export function versionsOf(ifMatch: string | undefined, ofTask: boolean): ReadonlySet<number> | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  const tags = ifMatch.split(',').map((tag) => tag.trim());
  if (!tags.every((tag) => TAG.test(tag))) {
    throw new Problem('BAD_REQUEST', 'Set If-Match to ETags as the API returned them, with their quotes, or to *.');
  }
  // Weak tags, and those of something else, match nothing.
  const own = ofTask ? /^"t([1-9]\d{0,14})"$/ : /^"([1-9]\d{0,14})"$/;
  return new Set(tags.flatMap((tag) => own.exec(tag)?.[1] ?? []).map(Number));
}
