import { readFileSync } from 'node:fs';

/** Environment variables, like process.env. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Variables that hold secrets, or what belongs to one. Each can be given as `<name>_FILE`: other processes of the same user can read the environment that a
 * process was started with.
 */
export const SECRET_NAMES: ReadonlySet<string> = new Set([
  'DATABASE_URL',
  'DATABASE_URL_API',
  'DATABASE_URL_LISTENER',
  'DATABASE_URL_WORKER',
  'REDIS_URL',
  'CELERY_BROKERS',
  'ADMIN_API_KEY',
  'OIDC_CLIENT_SECRET',
  'NODE_CA_KEY',
  'NODE_CA_CERT',
  'SECRETS_PRIVATE_KEY',
  'SECRETS_KEY',
  'SECRETS_KEY_PREVIOUS',
]);

/** Wrong configuration. Its message names every wrong variable, what is wrong with it and how to mend it. */
export class ConfigError extends Error {
  constructor(readonly faults: readonly string[]) {
    const head = faults.length === 1 ? 'Wrong configuration:' : `Wrong configuration (${faults.length} variables):`;
    super([head, ...faults.map((fault) => `  ${fault}`)].join('\n'));
    this.name = 'ConfigError';
  }
}

/**
 * Reads variables one by one and collects what is wrong, so that a user learns all of it at once.
 * An empty value counts as unset. Values that may hold a password are never repeated in a message.
 */
export class ValueReader {
  readonly faults: string[] = [];

  constructor(private readonly env: Environment) {}

  /** The text as it stands, or undefined when unset or blank. Of a secret, also the text of the file that `<name>_FILE` names. */
  text(name: string): string | undefined {
    const value = this.env[name]?.trim();
    const file = SECRET_NAMES.has(name) ? this.env[`${name}_FILE`]?.trim() : undefined;
    if (!file) return value ? value : undefined;
    if (value) {
      this.fault(`${name} and ${name}_FILE are both set: use one.`);
      return undefined;
    }
    try {
      return readFileSync(file, 'utf8').trim() || undefined;
    } catch (error) {
      this.fault(`${name}_FILE=${JSON.stringify(file)} cannot be read: ${(error as Error).message}`);
      return undefined;
    }
  }

  /** A whole number from `min` to `max`; `mend` is the advice given with a wrong one. */
  integer(name: string, fallback: number, min: number, max: number, mend: string): number {
    const value = this.text(name);
    if (value === undefined) return fallback;
    const number = Number(value);
    if (/^\d{1,9}$/.test(value) && number >= min && number <= max) return number;
    this.wrong(name, value, `is not a whole number from ${min} to ${max}`, mend);
    return fallback;
  }

  /** One of `choices`, exactly as written. */
  choice<T extends string>(name: string, fallback: T, choices: readonly T[]): T {
    const value = this.text(name);
    if (value === undefined) return fallback;
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    this.wrong(name, value, 'is not known', `Use one of ${choices.join(', ')}; unset means ${fallback}.`);
    return fallback;
  }

  /** A URL with one of `schemes`, a host, and a path if `needsPath`. Only the name appears in messages. */
  url(name: string, schemes: readonly string[], needsPath: boolean, example: string): string | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const fault = urlFault(value, schemes, needsPath);
    if (fault === undefined) return value;
    this.faults.push(`${name} ${fault}. Write it as ${example}.`);
    return undefined;
  }

  /** The URL of Redis: one host, or several of Sentinel or of a cluster, separated by commas. */
  redisUrl(name: string): string | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const [, mode = '', hosts = '', master = ''] =
      /^rediss?(-sentinel|-cluster):\/\/([^/?]*)\/?([^?]*)/.exec(value) ?? [];
    if (mode === '') return this.url(name, ['redis:', 'rediss:'], false, 'redis://:password@host:6379');
    const each = hosts.slice(hosts.lastIndexOf('@') + 1).split(',');
    const isHost = (host: string): boolean => host !== '' && URL.canParse(`redis://${host}`);
    if (!each.every(isHost))
      this.faults.push(`${name} names no hosts, separated by commas, after ${mode.slice(1)}://.`);
    else if (mode === '-sentinel' && master === '') {
      this.faults.push(
        `${name} names no master. Write it as redis-sentinel://:password@host1:26379,host2:26379/mymaster.`,
      );
    } else return value;
    return undefined;
  }

  /** A secret of at least `length` characters without spaces; it is never shown. */
  secret(name: string, length: number, example: string): string | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (value.length >= length && /^[\x21-\x7e]+$/.test(value)) return value;
    this.faults.push(`${name} is not ${length} or more printable characters without spaces. Make one by ${example}.`);
    return undefined;
  }

  /** 32 bytes as base64. Never shown. */
  key(name: string, example: string): Buffer | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const key = Buffer.from(value, 'base64');
    if (key.length === 32 && /^[A-Za-z0-9+/_-]{43}=?$/.test(value)) return key;
    this.faults.push(`${name} is not 32 bytes in base64. Make one by ${example}.`);
    return undefined;
  }

  /** Notes a fault once, however often its variable is read. */
  private fault(fault: string): void {
    if (!this.faults.includes(fault)) this.faults.push(fault);
  }

  /** Notes a wrong value that is safe to show. */
  wrong(name: string, value: string, fault: string, mend: string): void {
    const shown = value.length > 40 ? `${value.slice(0, 40)}…` : value;
    this.faults.push(`${name}=${JSON.stringify(shown)} ${fault}. ${mend}`);
  }
}

function urlFault(value: string, schemes: readonly string[], needsPath: boolean): string | undefined {
  if (!URL.canParse(value)) return 'is not a URL (its value is not shown: it may hold a password)';
  const url = new URL(value);
  if (!schemes.includes(url.protocol)) return `does not begin with ${schemes.map((s) => `${s}//`).join(' or ')}`;
  if (url.hostname === '') return 'names no host';
  if (needsPath && url.pathname.length < 2) return 'names no database after the host';
  return undefined;
}
