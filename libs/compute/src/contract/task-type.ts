import type { OpenedEntry, PartyResult } from '#libs/chain-domain';
import type { Statement, TaskStatement } from '#libs/consent';
import type { HeldFile, Json, JsonObject, TaskRunResult } from './outcome.js';
import type { Site } from './site.js';

export type { OpenedEntry, PartyResult } from '#libs/chain-domain';
export type { Artifact, HeldFile, Json, JsonObject, TaskRunResult } from './outcome.js';

/**
 * `T` if JSON can hold all of it, else a type that `T` does not fit. Interfaces fit, which `JsonObject` refuses for want of an
 * index signature; a Map, a function or a bigint does not.
 */
export type JsonSafe<T> = { [Key in keyof T]: JsonMember<T[Key]> };
type JsonMember<T> = T extends Json | undefined
  ? T
  : T extends (...args: never) => unknown
    ? never
    : T extends object
      ? { [Key in keyof T]: JsonMember<T[Key]> }
      : never;

/** A JSON Schema (2020-12) document. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** `task_params` as a user sends them; `task_config` is specific to the type (docs/tasks). */
export interface TaskParams<Config = Record<string, unknown>> {
  /** The engine of the task; by default `native`. */
  engine?: string;
  sf_init_config?: { parties?: string[] | Record<string, unknown>; address?: string; self_party?: string } & Record<
    string,
    unknown
  >;
  spu_config?: Record<string, unknown>;
  task_config: Config;
}

/** One task type of the catalogue, as a client sees it. */
export interface TaskType {
  /** Wire name, e.g. `psi`. */
  readonly type: string;
  readonly title: string;
  readonly description: string;
  /** JSON Schema of `task_config`. */
  readonly configSchema: JsonSchema;
  /** One sentence: what crosses between the parties. */
  readonly leaves: string;
  /** Which process runs it: a compute worker, the status listener, or `remote`, a component outside of this system. */
  readonly runsOn: 'worker' | 'listener' | 'remote';
  /** Whether `sf_init_config.parties` must name the parties (diagnostic has none). */
  readonly needsParties: boolean;
  /** Whether shares are random: files of shares differ from run to run. What they give differs between engines by up to 2^-16. */
  readonly approximate?: true;
}

/** A statement as a job carries it: a compact JWS, or the bare statement where the owner trusts the operator. */
export type SentStatement = string | Statement;

/** The part of a run that the owners' rules are judged on. */
export interface TaskConsent {
  /** The task as it was written. */
  readonly task: TaskStatement;
  /** Statements by party. */
  readonly statements: Readonly<Record<string, readonly SentStatement[]>>;
  /** Whether an admin created the chain: only then unclaimed folders are read. */
  readonly byAdmin: boolean;
  /** `task_params`, references resolved and secrets not. */
  readonly params: TaskParams;
}

/** A value out of a party's own result, which only the party's process may know. */
export interface OwnValue {
  readonly party: string;
  /** The task whose result it is. */
  readonly taskId: string;
  /** Into the party's result. */
  readonly path: readonly (string | number)[];
  readonly result: PartyResult;
}

/** A command that the operator allows `script` tasks to run. */
export interface AllowedScript {
  /** An absolute path, and arguments. */
  readonly command: readonly string[];
  /** Most arguments that a task may add. */
  readonly maxArguments: number;
  /** Files and folders that it sees beside the programs of the system. */
  readonly reads: readonly string[];
  /** Whether it may use the network. */
  readonly network: boolean;
  readonly timeoutMs: number;
  /** Most that it may write, bytes. */
  readonly outputBytes: number;
  /** Whether it runs with all that its account may do, and sees what that sees. */
  readonly unconfined: boolean;
}

/** Commands by name. */
export type AllowedScripts = Readonly<Record<string, AllowedScript>>;

/** The input of one run of one attempt. */
export interface TaskRun<Config = Record<string, unknown>> {
  readonly chainId: string;
  readonly taskId: string;
  readonly attempt: number;
  /** `task_request_id`: the same in every attempt. */
  readonly requestId: string;
  readonly params: TaskParams<Config>;
  /** Results of the parents, by task id, in the order in which the task names them. */
  readonly inputs: Readonly<Record<string, Json>>;
  /** Folder of the parties' tables: party `p` reads and writes only below `<dataRoot>/<p>`. */
  readonly dataRoot: string;
  /** Folder of artifacts: `artifact:<chain_id>/<task_id>/<name>` lies at `<artifactRoot>/<chain_id>/<task_id>/<name>`. */
  readonly artifactRoot: string;
  /** Whether `http` may call private addresses. */
  readonly callsToPrivate?: boolean;
  /** The commands that `script` may run, by name; none where the operator has allowed none. */
  readonly scripts?: AllowedScripts;
  /** References to artifacts of other chains that the task may read: those that its chain got as parameters. */
  readonly handed?: readonly string[] | undefined;
  /** By the marker that stands in `params` in its place: the party's process puts the value in. */
  readonly own?: Readonly<Record<string, OwnValue>> | undefined;
  /** Absent in jobs of earlier releases: claimed parties then open no file. */
  readonly consent?: TaskConsent | undefined;
  /** This site, if the other parties run at their own sites; absent if all run on this machine. */
  readonly site?: Site | undefined;
  /** At a site: takes complete files under their temporary names, which get their own ones once the result is made. */
  hold?(files: readonly HeldFile[]): void;
  /** Aborted on cancel and timeout: the run must end within 2 s and leave no temporary file or process. The reason of a worker is a `RunStopped`. */
  readonly signal: AbortSignal;
  /** From now on the run only waits for what runs elsewhere, but for its end: it may leave its slot to others. */
  waits?(): void;
  /** `fraction` 0..1 of the whole task. Called at least once a second while it works. */
  progress(fraction: number, stage: string): void;
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string): void;
  /** Takes a copy of what a claimed party's ledger noted. */
  opened?(party: string, entry: OpenedEntry): void;
}

export type RunTask<Config = Record<string, unknown>> = (run: TaskRun<Config>) => Promise<TaskRunResult>;

/** Why a worker ends a run. */
export class RunStopped extends Error {
  constructor(
    message: string,
    /** Whether another attempt takes its place: what runs elsewhere for this one is left to that. */
    readonly isHandedOver: boolean,
  ) {
    super(message);
  }
}

/**
 * A task that cannot succeed: `code` is stable UPPER_SNAKE (task-catalogue), `message` says what to do and names
 * party, file, row or column but never a value. `retryable: false` for what another try cannot mend.
 */
export class TaskFailure extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retryable: boolean = false,
    readonly details: JsonObject = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'TaskFailure';
  }
}

/** An engine does not run here as it is set up. The message is for authors of chains: where things are stands in `mend` alone, for the log of the operator. */
export class EngineNotReady extends TaskFailure {
  constructor(
    message: string,
    readonly mend: string,
  ) {
    super('ENGINE_NOT_READY', message);
  }
}

/** A fault in `task_params`: `pointer` is a JSON pointer relative to `task_params`. */
export interface ParamFault {
  readonly pointer: string;
  readonly message: string;
  /** Absent for INVALID_PARAMS. */
  readonly code?: 'PROTOCOL_UNSUPPORTED' | 'COMPONENT_NOT_REVIEWED';
}
