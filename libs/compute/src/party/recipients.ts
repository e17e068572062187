import { TaskFailure } from '../contract/task-type.js';

/** Throws RECIPIENT_NOT_ALLOWED unless every recipient is listed. `where` is the list, and `how` says how the owner adds to it. */
export function requireListed(
  party: string,
  listed: readonly string[],
  recipients: readonly string[],
  { where, how }: { readonly where: string; readonly how: string },
): void {
  const missing = recipients.findIndex((recipient) => !listed.includes(recipient));
  if (missing === -1) return;
  throw new TaskFailure(
    'RECIPIENT_NOT_ALLOWED',
    `Party ${party}: recipient ${missing + 1} of the task is not in ${where}. ${how}, or the task leaves it out.`,
    false,
    { party, recipient: missing },
  );
}
