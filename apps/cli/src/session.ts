import type { Command } from 'commander';
import type { TaskChainClient } from '#client';
import { clientOf, findConnection, type Connection } from './connection.js';
import { type Column, type Format, tableOf, writeDocument } from './output.js';
import { hasColour, hasUnicode, type Shell } from './shell.js';
import type { Say } from './words.js';

/** The chain and task that a command line names. */
export interface AtHand {
  chain?: string;
  task?: string;
}

/** One run of the program: what its global flags say, and how it answers. */
export class Session {
  /** For hints. */
  readonly atHand: AtHand = {};

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

  /** Whether people read the answer. */
  get forPeople(): boolean {
    return this.format === 'table' || this.format === 'wide';
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
    const { format } = this;
    if (format === 'table' || format === 'wide') this.print(...lines());
    else writeDocument(this.shell.stdout, format, value);
  }

  /** One answer of many that come by and by: a line for people, a line of JSON, a document of YAML. */
  answerNext(value: unknown, line: () => string): void {
    if (this.format === 'json') return this.print(JSON.stringify(value));
    if (this.format === 'yaml') this.print('---');
    this.answer(value, () => [line()]);
  }

  /** The lines of a table; with `-o wide` those of all columns. */
  table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
    const wide = this.format === 'wide';
    return tableOf(
      columns.filter(([, , only]) => wide || only === undefined),
      rows,
    );
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
