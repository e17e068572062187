import { readFileSync } from 'node:fs';
import { TaskChainClient } from '#client';
import { EXIT } from './exit-codes.js';
import { Failure } from './failure.js';
import { localSystem } from './local-system.js';
import { ProfileFile } from './profiles.js';
import type { Shell } from './shell.js';
import type { Say } from './words.js';

/** Where the server is, what signs in to it, and who says so. */
export interface Connection {
  readonly url: string;
  readonly token: string | undefined;
  readonly source: string;
}

/**
 * The server to speak to. The flags win over the environment (TASK_CHAIN_URL, TASK_CHAIN_TOKEN or TASK_CHAIN_TOKEN_FILE), and
 * that over a profile. Where nothing says anything it is what `npm start` runs here. The key that this made is sent to its own
 * address alone.
 */
export function findConnection(flags: { profile?: string; url?: string }, { env }: Shell, say: Say): Connection {
  const file = new ProfileFile(env, say);
  const named = flags.profile ?? (env['TASK_CHAIN_PROFILE'] || undefined);
  const url = flags.url ?? (env['TASK_CHAIN_URL'] || undefined);
  const current = named ?? (url === undefined ? file.read().current : undefined);
  const profile = current === undefined ? undefined : file.find(current);
  const base = url ?? profile?.url;
  // A key is for the server of its profile and is not sent to another.
  const own = profile !== undefined && (url === undefined || url === profile.url) ? profile.token : undefined;
  const token = keyOf(env, say) ?? own;
  const local = localSystem(env);
  if (base === undefined) {
    return { url: requireUrl(local.url, say), token: token ?? local.token, source: say('npm start') };
  }
  const source =
    flags.url !== undefined
      ? '--url'
      : url !== undefined
        ? 'TASK_CHAIN_URL'
        : say('profile {name}', { name: current! });
  const found = requireUrl(base, say);
  return { url: found, token: token ?? (found === local.url ? local.token : undefined), source };
}

/** A client of that server. A person waits: few tries. */
export function clientOf({ url, token }: Connection, retries = 2): TaskChainClient {
  return new TaskChainClient({ baseUrl: url, token, retry: { retries, maxDelayMs: 10_000 } });
}

/** An address that HTTP can be spoken to; `/api/v1` at its end belongs to the client. */
export function requireUrl(text: string, say: Say): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text.replace(/\/(api\/v1\/?)?$/, '');
  throw new Failure(EXIT.USAGE, say('{url} is not an address such as https://chains.example.org', { url: text }));
}

/** Checks that a header can hold the key. The message never contains it. */
export function requireKey(text: string, source: string, say: Say): string {
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  throw new Failure(EXIT.USAGE, say('{source} holds no key: one word of ASCII is expected.', { source }));
}

/** The key that the environment gives, or the file that it names. */
function keyOf(env: Shell['env'], say: Say): string | undefined {
  const { TASK_CHAIN_TOKEN: token, TASK_CHAIN_TOKEN_FILE: file } = env;
  if (token) return requireKey(token, 'TASK_CHAIN_TOKEN', say);
  return file ? requireKey(readFileSync(file, 'utf8').trim(), file, say) : undefined;
}
