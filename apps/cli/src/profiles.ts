import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { EXIT } from './exit-codes.js';
import { Failure } from './failure.js';
import type { Shell } from './shell.js';
import type { Say } from './words.js';

/** A server and what signs in to it. */
export interface Profile {
  readonly url: string;
  readonly token?: string;
}

/** All profiles of a user, and the one that is taken where none is named. */
export interface Profiles {
  readonly current?: string;
  readonly profiles: Readonly<Record<string, Profile>>;
}

/** The profiles of a user: one file below XDG_CONFIG_HOME that only its owner may read, since it holds keys. */
export class ProfileFile {
  readonly path: string;

  constructor(
    env: Shell['env'],
    private readonly say: Say,
  ) {
    const base = env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config');
    this.path = join(base, 'task-chain', 'profiles.json');
  }

  /** Throws if other users can read the file, or if it is not one of ours. */
  read(): Profiles {
    let text: string;
    try {
      this.requirePrivate();
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { profiles: {} };
      throw error;
    }
    try {
      const { current, profiles } = JSON.parse(text) as Profiles;
      if (Object.values(profiles).some(({ url }) => typeof url !== 'string')) throw new Error('a profile has no url');
      return { current, profiles };
    } catch (cause) {
      const message = this.say('{path} cannot be read: {reason}', {
        path: this.path,
        reason: (cause as Error).message,
      });
      throw new Failure(EXIT.USAGE, message, {
        cause,
        hint: this.say('Fix it, or remove it and set the profiles again.'),
      });
    }
  }

  /** The profile of this name. If it does not exist, throws and lists all names. */
  find(name: string): Profile {
    const { profiles } = this.read();
    if (Object.hasOwn(profiles, name)) return profiles[name]!;
    const names = Object.keys(profiles).join(', ') || this.say('none');
    const hint = this.say('Available: {names}. Set one with: task-chain profile set <name> --url <url>', { names });
    throw new Failure(EXIT.USAGE, this.say('There is no profile {name}.', { name }), { hint });
  }

  write(profiles: Profiles): void {
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    const fresh = `${this.path}.${process.pid}`;
    writeFileSync(fresh, `${JSON.stringify(profiles, null, 2)}\n`, { mode: 0o600 });
    chmodSync(fresh, 0o600);
    renameSync(fresh, this.path);
  }

  private requirePrivate(): void {
    if (process.platform === 'win32' || (statSync(this.path).mode & 0o077) === 0) return;
    const message = this.say('{path} holds keys, and other users can read it.', { path: this.path });
    throw new Failure(EXIT.USAGE, message, { hint: `chmod 600 ${this.path}` });
  }
}
