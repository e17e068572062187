import { readFileSync } from 'node:fs';
import { isMap } from '../contract/json-values.js';
import { fileFault } from '../contract/schema-faults.js';
import type { AllowedScript, AllowedScripts, ParamFault } from '../contract/task-type.js';

/** How the operator names commands: `{"<name>": {"command": ["/absolute/path", "argument"], ...}}`. */
export const SCRIPTS_SCHEMA = {
  type: 'object',
  propertyNames: { pattern: '^[A-Za-z][A-Za-z0-9_-]{0,63}$' },
  additionalProperties: {
    type: 'object',
    required: ['command'],
    additionalProperties: false,
    properties: {
      command: {
        type: 'array',
        minItems: 1,
        items: { type: 'string', minLength: 1 },
        prefixItems: [{ pattern: '^/' }],
      },
      arguments: { type: 'integer', minimum: 0, maximum: 16 },
      reads: { type: 'array', items: { type: 'string', pattern: '^/' } },
      network: { type: 'boolean' },
      timeout_seconds: { type: 'integer', minimum: 1, maximum: 86_400 },
      output_bytes: { type: 'integer', minimum: 1 },
      unconfined: { type: 'boolean' },
    },
  },
} as const;

interface Written {
  readonly command: readonly string[];
  readonly arguments?: number;
  readonly reads?: readonly string[];
  readonly network?: boolean;
  readonly timeout_seconds?: number;
  readonly output_bytes?: number;
  readonly unconfined?: boolean;
}

/** Time that a command has where its entry names none, s. */
const DEFAULT_SECONDS = 600;
/** Most of what a command writes where its entry names nothing, bytes. */
const DEFAULT_BYTES = 1024 ** 3;

/**
 * The commands of SCRIPT_TASKS: JSON, or the path of a file of it; none where it is unset. Throws an Error that says what is wrong with it, so
 * that nothing starts with other commands than its operator means.
 */
export function readScripts(setting: string | undefined): AllowedScripts {
  if (setting === undefined) return {};
  try {
    const parsed: unknown = JSON.parse(setting.startsWith('{') ? setting : readFileSync(setting, 'utf8'));
    return Object.fromEntries(Object.entries(checked(parsed)).map(([name, entry]) => [name, allowedBy(entry)]));
  } catch (error) {
    throw new Error(`SCRIPT_TASKS cannot be used: ${(error as Error).message}`, { cause: error });
  }
}

function checked(parsed: unknown): Readonly<Record<string, Written>> {
  const fault = fileFault(SCRIPTS_SCHEMA, parsed);
  if (fault !== undefined) throw new Error(fault);
  return parsed as Readonly<Record<string, Written>>;
}

const allowedBy = (entry: Written): AllowedScript => ({
  command: entry.command,
  maxArguments: entry.arguments ?? 0,
  reads: entry.reads ?? [],
  network: entry.network ?? false,
  timeoutMs: (entry.timeout_seconds ?? DEFAULT_SECONDS) * 1000,
  outputBytes: entry.output_bytes ?? DEFAULT_BYTES,
  unconfined: entry.unconfined ?? false,
});

/** The command of this name; undefined where the operator allows none. */
export const findScript = (scripts: AllowedScripts, name: string): AllowedScript | undefined =>
  Object.hasOwn(scripts, name) ? scripts[name] : undefined;

/** Why `task_params` of a `script` may not run with these commands; pointers are relative to `task_params`. Takes any value. */
export function scriptFaults(params: unknown, scripts: AllowedScripts): ParamFault[] {
  const config = isMap(params) && isMap(params.task_config) ? params.task_config : {};
  const { script: name, arguments: given } = config;
  if (typeof name !== 'string') return [];
  const allowed = findScript(scripts, name);
  if (allowed === undefined) {
    const names = Object.keys(scripts).sort();
    const message =
      names.length === 0
        ? 'names a command, and none is allowed: the operator names those that may run in SCRIPT_TASKS (docs/tasks/script.md)'
        : `must be a command that SCRIPT_TASKS allows: ${names.join(', ')}`;
    return [{ pointer: '/task_config/script', message }];
  }
  if (!Array.isArray(given) || given.length <= allowed.maxArguments) return [];
  const message = `has ${given.length} items, and SCRIPT_TASKS allows ${allowed.maxArguments} with ${JSON.stringify(name)}`;
  return [{ pointer: '/task_config/arguments', message }];
}
