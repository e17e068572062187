import { createHash } from 'node:crypto';
import { FaultList, isObject, type InputFault } from '#libs/chain-domain';
import { canonicalJson, type ConsentJson } from '#libs/consent';
import type { TaskCatalogue } from '../catalogue/catalogue.js';
import { readChain } from '../chains/creating/chain-input.js';
import { Problem } from '../http/problem.js';
import { LARGE_BYTES } from '../http/large-body.js';

/** `sha256:<hex>` of a template's chain. */
export const hashOfChain = (chain: Readonly<Record<string, unknown>>): string =>
  `sha256:${createHash('sha256')
    .update(canonicalJson(chain as ConsentJson))
    .digest('hex')}`;

/**
 * Throws INVALID_CHAIN with all that is wrong with the chain of a template, as far as it can be known without the values of parameters: where one has no
 * default, what the types of tasks say of their parameters is left to the making of a chain.
 */
export function requireTemplateChain(chain: Readonly<Record<string, unknown>>, catalogue: TaskCatalogue): void {
  const faults = new FaultList();
  for (const fault of faultsOf(chain, catalogue)) faults.add({ ...fault, pointer: `/chain${fault.pointer ?? ''}` });
  if (faults.empty) return;
  const errors = faults.toArray();
  const detail = errors.length === 1 ? errors[0]!.message : `The chain has ${errors.length} faults: see errors.`;
  throw new Problem('INVALID_CHAIN', detail, { errors });
}

function faultsOf(chain: Readonly<Record<string, unknown>>, catalogue: TaskCatalogue): readonly InputFault[] {
  if (Buffer.byteLength(JSON.stringify(chain)) > LARGE_BYTES) {
    return [
      { code: 'OUT_OF_RANGE', pointer: '', message: `A template's chain has at most ${LARGE_BYTES} bytes of JSON.` },
    ];
  }
  if (chain['args'] !== undefined) {
    const message = 'args are given by whoever makes a chain of the template: declare defaults in params.';
    return [{ code: 'UNKNOWN_FIELD', pointer: '/args', message }];
  }
  const reading = readChain(chain, catalogue);
  return reading.ok ? [] : faultsOfAny(chain, reading.faults);
}

/** Those of the faults that stand whatever values the parameters get later: all of them, or those of these `names`. */
export function faultsOfAny(
  chain: Readonly<Record<string, unknown>>,
  faults: readonly InputFault[],
  names?: readonly string[],
): InputFault[] {
  const isLater = ({ pointer = '' }: InputFault): boolean => {
    const name = /^\/args\/([^/]+)/.exec(pointer)?.[1];
    return name !== undefined && (names?.includes(name.replaceAll('~1', '/').replaceAll('~0', '~')) ?? true);
  };
  const isOpen = faults.some(isLater);
  const filled = new Set(placesWithParams(chain));
  return faults.filter((fault) => {
    if (isLater(fault)) return false;
    const task = /^\/tasks\/(\d+)\//.exec(fault.pointer ?? '')?.[1];
    return !(isOpen && fault.code === 'INVALID_PARAMS' && task !== undefined && filled.has(Number(task)));
  });
}

/** What a chain calls args is called params here; what the caller has not `given` is in the chain of the template. */
export function placeInTemplate(fault: InputFault, given: object): InputFault {
  const [, field] = fault.pointer?.split('/') ?? [];
  if (field === undefined || Object.hasOwn(given, field)) return fault;
  return {
    ...fault,
    pointer: field === 'args' ? fault.pointer!.replace('/args', '/params') : `/chain${fault.pointer}`,
  };
}

function placesWithParams(chain: Readonly<Record<string, unknown>>): number[] {
  const tasks: unknown = chain['tasks'];
  if (!Array.isArray(tasks)) return [];
  return tasks.flatMap((task: unknown, position) =>
    isObject(task) && JSON.stringify(task['task_params'] ?? null).includes('${params.') ? [position] : [],
  );
}
