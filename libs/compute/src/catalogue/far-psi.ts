import { escape, isMap } from '../contract/json-values.js';
import type { Finding, IsOpen, TaskRunner } from '../contract/task-runner.js';
import {
  TaskFailure,
  type ParamFault,
  type TaskParams,
  type TaskRun,
  type TaskRunResult,
} from '../contract/task-type.js';
import type { PsiConfig } from '../psi/psi-config.js';
import { checkForNative } from './native-check.js';

const NATIVE = 'or let the engine "native" run the task';

/** A place of others that runs `psi` of two parties. */
export interface FarPlace {
  /** For messages: "a fleet". */
  readonly what: string;
  /** By the protocols that it has, as tasks name them: what leaves each party there. */
  readonly leaves: Readonly<Record<string, string>>;
  /** What it takes where a task names no protocol. */
  readonly usual: string;
}

/** The protocol of a `psi` there; undefined for none that it has. */
export function farProtocolOf({ leaves, usual }: FarPlace, config: unknown): string | undefined {
  const { protocol = usual } = isMap(config) ? config : {};
  return typeof protocol === 'string' && Object.hasOwn(leaves, protocol) ? protocol : undefined;
}

/** Adds a fault at a member of `task_config`. */
export type AddFault = (member: string, message: string) => void;

/** An engine that runs `psi` of two parties at a place of others, which an operator has set up. */
interface FarEngine<Settings> {
  readonly name: string;
  readonly place: FarPlace;
  /** The variable that sets it up. */
  readonly variable: string;
  readonly settings: Settings | undefined;
  /** Faults of parameters that it alone has. */
  readonly check?: (config: Readonly<Record<string, unknown>>, isOpen: IsOpen, add: AddFault) => void;
  readonly elsewhere?: readonly string[];
  readonly needs: (settings: Settings) => Promise<readonly Finding[]>;
  readonly tend: (settings: Settings) => Promise<void>;
  readonly run: (run: TaskRun<PsiConfig>, settings: Settings) => Promise<TaskRunResult>;
}

export function farPsiRunner<Settings>(engine: FarEngine<Settings>): TaskRunner {
  const { name, place, variable, settings, elsewhere } = engine;
  return {
    name,
    ...(settings === undefined && { unset: variable }),
    ...(elsewhere && { elsewhere }),
    leaves(type, config) {
      if (type !== 'psi') return undefined;
      const protocol = farProtocolOf(place, config);
      // A result will name it: whichever it names runs.
      return protocol === undefined ? Object.values(place.leaves).join(' ') : place.leaves[protocol];
    },
    protocols: (type) => (type === 'psi' ? Object.keys(place.leaves) : []),
    check: (type, params, isOpen) => checkFarPsi(engine, type, params, isOpen),
    needs: async () => (settings === undefined ? [] : engine.needs(settings)),
    async tend() {
      if (settings !== undefined) await engine.tend(settings);
    },
    async run(_type, run) {
      if (settings === undefined)
        throw new TaskFailure('ENGINE_NOT_READY', `The engine ${name} is not set up at this worker: set ${variable}.`);
      if (run.site) throw new TaskFailure('INVALID_PARAMS', `The engine ${name} runs no parties at their sites.`);
      return engine.run(run as unknown as TaskRun<PsiConfig>, settings);
    },
  };
}

/** Faults as for native, where the parameters are those of native; and what the place lacks of them. */
function checkFarPsi<Settings>(
  { place, check }: FarEngine<Settings>,
  type: string,
  params: Partial<TaskParams>,
  isOpen: IsOpen,
): ParamFault[] {
  const { task_config: config, sf_init_config: init } = params;
  if (!isMap(config)) return checkForNative(type, params, isOpen);
  const isTheirs = isOpen(config.protocol) || farProtocolOf(place, config) !== undefined;
  const asNative = isTheirs ? { ...params, task_config: { ...config, protocol: 'ECDH_PSI_2PC' } } : params;
  const faults = checkForNative(type, asNative as Partial<TaskParams>, isOpen).filter(
    ({ pointer }) => isTheirs || pointer !== '/task_config/protocol',
  );
  const add: AddFault = (member, message) =>
    void faults.push({ pointer: `/task_config/${member}`, message: `${message}, ${NATIVE}` });
  if (!isTheirs) {
    const names = Object.keys(place.leaves).map((name) => JSON.stringify(name));
    const message = `must be one of ${names.join(', ')}, ${NATIVE}`;
    faults.push({ pointer: '/task_config/protocol', message, code: 'PROTOCOL_UNSUPPORTED' });
  }
  if (config.join !== undefined && config.join !== 'inner' && !isOpen(config.join))
    add('join', 'must be "inner" or absent');
  if (isMap(config.input_paths) && Object.keys(config.input_paths).length > 2)
    add('input_paths', 'must name two parties');
  if (isMap(init) && init.address === 'node') {
    const message = `must be "local" or absent: ${place.what} is no site of a party, ${NATIVE}`;
    faults.push({ pointer: '/sf_init_config/address', message });
  }
  check?.(config, isOpen, add);
  return faults;
}

/** Each input that a task names as a text, with its place in `task_config`. */
export function namedInputs(config: Readonly<Record<string, unknown>>, isOpen: IsOpen): (readonly [string, string])[] {
  const inputs = isMap(config.input_paths) ? Object.entries(config.input_paths) : [];
  return inputs.flatMap(([party, path]) =>
    typeof path === 'string' && !isOpen(path) ? [[`input_paths/${escape(party)}`, path] as const] : [],
  );
}
