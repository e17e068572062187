import { createInterface } from 'node:readline';
import type { Session } from '../session.js';

/** The answer typed at the terminal; no without a terminal. */
export async function isAgreed(question: string, { shell }: Session): Promise<boolean> {
  if (!shell.stdin.isTTY) return false;
  shell.stderr.write(question);
  for await (const line of createInterface({ input: shell.stdin })) return /^y(es)?$/i.test(line.trim());
  return false;
}
