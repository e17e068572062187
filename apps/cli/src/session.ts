import type { Command } from 'commander';
import type { TaskChainClient } from '#client';
import { clientOf, findConnection, type Connection } from './connection.js';
import { type Format, writeDocument } from './output.js';
import { hasColour, hasUnicode, type Shell } from './shell.js';
import type { Say } from './words.js';

/** One run of the program: what its global flags say, and how it answers. */
export class Session {
  constructor(
    readonly shell: Shell,
    readonly say: Say,
    private readonly program: Command,
  ) {}

  private get flags(): { profile?: string; url?: string; output: Format; color: boolean } {
    return this.program.opts();
  }

  get format(): Format {
    return this.flags.output;
  }

  get connection(): Connection {
    return findConnection(this.flags, this.shell, this.say);
  }

  get client(): TaskChainClient {
    return clientOf(this.connection);
  }

  /** What a terminal at this stream can show. */
  style(output: Shell['stdout'] = this.shell.stdout): { colour: boolean; unicode: boolean } {
    return { colour: this.flags.color && hasColour(this.shell, output), unicode: hasUnicode(this.shell) };
  }

  /** Answers with a document, or with lines for people. */
  answer(value: unknown, lines: () => readonly string[]): void {
    if (this.format === 'table') this.print(...lines());
    else writeDocument(this.shell.stdout, this.format, value);
  }

  print(...lines: readonly string[]): void {
    if (lines.length > 0) this.shell.stdout.write(`${lines.join('\n')}\n`);
  }

  /** Tells something beside the answer. */
  remark(line: string): void {
    this.shell.stderr.write(`${line}\n`);
  }
}

/** What a command does; its exit code, 0 where it gives none. */
export type Action = (...args: never[]) => Promise<number | void> | number | void;

/** Registers actions so that their exit code is kept. */
export type Act = (action: Action) => (...args: unknown[]) => Promise<void>;
