import type { Readable } from 'node:stream';

/** A stream that is written to, and what it shows. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** Where the program runs: all that it reads and writes beside files and HTTP. */
export interface Shell {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  /** Fires at the first Ctrl-C that the program has to do something about; calling it a second time ends the process. */
  readonly onInterrupt: (listener: () => void) => () => void;
}

/** Whether colours are wanted (https://no-color.org) and can be shown. */
export function hasColour({ env }: Shell, output: Output): boolean {
  return !env['NO_COLOR'] && output.isTTY === true && env['TERM'] !== 'dumb';
}

/** Whether the terminal's contents can be redrawn. */
export function isLive({ env }: Shell, output: Output): boolean {
  return output.isTTY === true && env['TERM'] !== 'dumb';
}

export function hasUnicode({ env }: Shell): boolean {
  return process.platform !== 'linux' || /utf-?8/i.test(localeOf(env));
}

/** The locale of messages, such as zh_CN.UTF-8. */
export function localeOf(env: Shell['env']): string {
  return env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || '';
}
