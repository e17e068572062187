import { createHash } from 'node:crypto';
import { canonicalTask, type TaskStatement } from '#libs/consent';

/** `sha256:<hex>` of a text. */
export const sha256 = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** `sha256:<hex>` of the canonical task: what an approval names. */
export const taskHash = (task: TaskStatement): string => sha256(canonicalTask(task));
