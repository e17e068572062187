import {
  CHILD_CHAIN,
  type FaultList,
  findPartyReferences,
  findReferences,
  findSecrets,
  isObject,
  type JsonValue,
  pointer,
  quoted,
} from '#libs/chain-domain';
import { isPlaceOf } from '#libs/compute';
import { partiesOf } from '#libs/consent';
import type { Plan } from '#libs/dag-planner';
import type { TaskCatalogue } from '../../catalogue/catalogue.js';
import { addElsewhereFaults } from './elsewhere-faults.js';
import { foreignArtifacts } from './foreign-artifacts.js';
import { nameHere } from '../../catalogue/secretflow-names.js';
import { nearest } from './nearest.js';
import { taskLabel } from './chain-schema-faults.js';

const REFERENCE_FORM = '${tasks.<task_id>.result.<path>}';

/** A secret where it may stand. */
export interface SecretUse {
  readonly name: string;
  readonly taskType: string;
  readonly pointer: string;
  /** Begins what is said of it. */
  readonly label: string;
}

/**
 * Adds what is wrong with types and parameters, and returns the secrets that stand where they may. References are checked against the plan, where there is one. Where a
 * string holds a reference the type's own check has no say: what stands there is known when the task is dispatched. Looks at the tasks
 * from place \`from\` on.
 */
export function addParamsFaults(
  tasks: readonly unknown[],
  catalogue: TaskCatalogue,
  plan: Plan | undefined,
  faults: FaultList,
  from = 0,
): SecretUse[] {
  const secrets: SecretUse[] = [];
  /** Hints stand once in an answer: many tasks may have the same wrong type. */
  const said = new Set<string>();
  const positions = new Map<string, number>();
  tasks.forEach((task, position) => {
    if (isObject(task) && typeof task['task_id'] === 'string') positions.set(task['task_id'], position);
  });
  for (const [position, task] of tasks.entries()) {
    if (faults.full) return secrets;
    if (!isObject(task) || position < from) continue;
    const label = taskLabel(task, position);
    const { task_type: typeName, task_params: params } = task;
    const type = typeof typeName === 'string' ? catalogue.find(typeName) : undefined;
    if (typeof typeName === 'string' && !type) {
      const hint = suggestion(typeName, catalogue.types);
      const message = `${label}There is no task type ${quoted(typeName)}.${said.has(hint) ? '' : ` ${hint}`}`;
      said.add(hint);
      faults.add({ code: 'UNKNOWN_TASK_TYPE', pointer: pointer('tasks', position, 'task_type'), message });
    }
    if (!isObject(params)) continue;
    const at = pointer('tasks', position, 'task_params');
    const { references, faults: malformed } = findReferences(params as JsonValue, positions);
    for (const fault of malformed) {
      // Said when parameters were put in.
      if (fault.code === 'UNKNOWN_PARAM') continue;
      faults.add({ code: fault.code, pointer: at + fault.pointer, message: label + fault.message });
    }
    const parties = partiesOf(params);
    for (const { party, taskId, place } of findPartyReferences(params as JsonValue, positions)) {
      if (isPlaceOf(party, place, parties)) continue;
      const message =
        `${label}The result of task ${quoted(taskId)} for party ${quoted(party)} cannot stand here: only that party may ` +
        `know it. Name it in a value of ${quoted(party)} alone, such as input_data.${party}.`;
      faults.add({ code: 'PARTY_RESULT_NOT_ALLOWED', pointer: at + pointer(...place), message });
    }
    for (const { taskId, raw, pointer: below } of references) {
      const before = positions.get(taskId);
      if (before !== undefined && (!plan || plan.isAncestor(before, position))) continue;
      const [code, why] =
        before === undefined
          ? ['REFERENCE_UNKNOWN_TASK', `there is no such task in this chain${insteadOf(taskId, positions)}`]
          : ['REFERENCE_NOT_ANCESTOR', 'that task does not have to be done before this one: add it to depends_on'];
      faults.add({
        code,
        pointer: at + below,
        message: `${label}${quoted(raw)} refers to task ${quoted(taskId)}, and ${why}.`,
      });
    }
    if (!type) continue;
    if (type.readsTables) addElsewhereFaults({ tasks, positions, catalogue, faults }, references, at, label);
    for (const { path, name } of findSecrets(params as JsonValue)) {
      // Where the child puts it says who may use it: see read-children.ts.
      if (typeName === CHILD_CHAIN && path[1] === 'args') continue;
      const place = at + pointer(...path);
      if (type.takesSecret(path)) secrets.push({ name, taskType: typeName as string, pointer: place, label });
      else {
        const message = `${label}The secret ${quoted(name)} cannot stand here: ${typeName as string} does not mark this parameter as one that takes secrets.`;
        faults.add({ code: 'SECRET_NOT_ALLOWED', pointer: place, message });
      }
    }
    // What a diagnostic task gives back may be any text.
    for (const path of typeName === 'diagnostic' ? [] : foreignArtifacts(params)) {
      const message = `${label}${path.join('.')} names an artifact of another chain, which no task may read: name a result of this chain by ${REFERENCE_FORM}.`;
      faults.add({ code: 'ARTIFACT_OF_OTHER_CHAIN', pointer: at + pointer(...path), message });
    }
    const referring = new Set([...references, ...malformed].map((reference) => reference.pointer));
    for (const fault of type.checkParams(params)) {
      if (referring.has(fault.pointer) && fault.isLiteral !== true) continue;
      const { code = 'INVALID_PARAMS', message } = fault;
      const field = fault.pointer.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
      faults.add({ code, pointer: at + fault.pointer, message: `${label}${field || 'task_params'} ${message}.` });
    }
  }
  return secrets;
}

function suggestion(word: string, types: readonly string[]): string {
  const here = nameHere(word, types);
  if (here !== undefined) return `Here it is "${here}".`;
  const near = nearest(word, types);
  return near === undefined ? `There are ${[...types].sort().join(', ')}.` : `Did you mean "${near}"?`;
}

/** What to write in place of an instance of a list that comes out of a result. */
function insteadOf(taskId: string, positions: ReadonlyMap<string, number>): string {
  const [, list, place] = /^(.+)\[(.+)\]$/.exec(taskId) ?? [];
  if (list === undefined || !positions.has(list)) return '';
  const index = /^\d+$/.test(place!) ? place : '<n>';
  return `: results of a list out of a result are \${tasks.${list}.result[${index}]}`;
}
