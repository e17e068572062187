import type { LoggerService } from '@nestjs/common';
import { traceIds } from '#libs/tracing';
import { pino, type DestinationStream, type Logger } from 'pino';
import type { LogLevel } from '../config/config.js';

export type { Logger } from 'pino';

const SECRET_KEYS = ['authorization', 'cookie', '"set-cookie"', 'password', 'task_params', 'taskParams'];

/** Paths that never reach a log: credentials, and task parameters, which may hold people's data. */
const REDACTED_PATHS: readonly string[] = SECRET_KEYS.flatMap((key) => {
  const path = (parent: string) => (key.startsWith('"') ? `${parent}[${key}]` : `${parent}.${key}`);
  return [key.startsWith('"') ? `[${key}]` : key, path('*'), path('*.*'), path('*.*.*')];
});

/** A JSON logger that names its app in each line; `destination` is stdout unless a test gives another. */
export function createLogger(app: string, level: LogLevel, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: { app, pid: process.pid },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: () => traceIds(),
      redact: { paths: [...REDACTED_PATHS], censor: '[redacted]' },
    },
    destination ?? standardOutput(),
  );
}

/** Lines that a full disk refuses wait here, up to so many bytes; then they are dropped. */
const WAITING_BYTES = 1024 * 1024;

/** Standard output, which may be a file on a disk that is full for a while: that ends neither the process nor a request. */
function standardOutput(): DestinationStream {
  const out = pino.destination({ dest: 1, sync: true, maxLength: WAITING_BYTES });
  out.on('error', () => undefined);
  return out;
}

/** Lets Nest write through pino: the last text argument is Nest's context, an Error is kept whole. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write('info', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  private write(level: Exclude<LogLevel, 'silent'>, message: unknown, rest: unknown[]): void {
    const fields: Record<string, unknown> = {};
    const more = [...rest];
    if (typeof more.at(-1) === 'string') fields.context = more.pop();
    const err = [message, ...more].find((part) => part instanceof Error);
    if (err) fields.err = err;
    const others = more.filter((part) => part !== err && part !== undefined);
    if (others.length > 0) fields.details = others;
    if (message instanceof Error) return this.logger[level](fields, message.message);
    if (typeof message === 'string') return this.logger[level](fields, message);
    this.logger[level]({ ...fields, data: message });
  }
}
