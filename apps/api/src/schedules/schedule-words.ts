import { isObject, pointer, quoted, readPath, valueAt, type InputFault, type JsonValue } from '#libs/chain-domain';
import type { ScheduleEvents } from '#libs/repositories';

/** What stands for `${schedule.<word>}` and `${event.<path>}` in the texts of params. */
export interface Words {
  readonly schedule: { readonly due_at: string; readonly date: string };
  /** Null: no event started it. */
  readonly event: JsonValue;
}

const WORD = /\$\{(schedule|event)(?![A-Za-z0-9_-])([^{}]*)\}/g;
const ONLY_WORD = /^\$\{(schedule|event)(?![A-Za-z0-9_-])([^{}]*)\}$/;

const WORDS_OF = {
  schedule: ['due_at', 'date'],
  on_dataset: ['dataset', 'party', 'name', 'version'],
  on_chain_end: ['chain_id', 'chain_name', 'status', 'outputs'],
  on_webhook: ['id', 'body'],
};

/** The kind of event that starts chains of a schedule; undefined: its times do. */
export function eventOf(events: ScheduleEvents): 'on_dataset' | 'on_chain_end' | 'on_webhook' | undefined {
  if (events.on_dataset !== null) return 'on_dataset';
  if (events.on_chain_end !== null) return 'on_chain_end';
  return events.on_webhook ? 'on_webhook' : undefined;
}

/** Whether a value of params depends on the event. */
export const namesEvent = (value: unknown): boolean =>
  [...JSON.stringify(value ?? null).matchAll(WORD)].some(([, root]) => root === 'event');

/**
 * Puts the words in. A text that is one word alone becomes its value, of whatever type; one that leads to nothing leaves its member or
 * item out, and within a text it is empty. What an event says is put in once and never read again.
 */
export function filled(value: JsonValue, words: Words): JsonValue | undefined {
  const find = (root: string, path: string): JsonValue | undefined => {
    const steps = readPath(path);
    const from = root === 'event' ? words.event : (words.schedule as unknown as JsonValue);
    return steps === undefined ? undefined : valueAt(from, steps);
  };
  if (typeof value === 'string') {
    const [, root, path] = ONLY_WORD.exec(value) ?? [];
    if (root !== undefined) return find(root, path!);
    return value.replace(WORD, (_, of: string, at: string) => {
      const found = find(of, at) ?? '';
      return typeof found === 'string' ? found : JSON.stringify(found);
    });
  }
  if (Array.isArray(value)) return value.map((each) => filled(each, words)).filter((each) => each !== undefined);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, filled(each as JsonValue, words)] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, JsonValue] => entry[1] !== undefined));
}

/** What is wrong with the words in params of a schedule that such an event starts, or its times. */
export function wordFaults(params: Readonly<Record<string, unknown>>, event: ReturnType<typeof eventOf>): InputFault[] {
  return Object.entries(params).flatMap(([name, value]) =>
    [...JSON.stringify(value).matchAll(WORD)].flatMap(([raw, root, path]): InputFault[] => {
      const known = root === 'schedule' ? WORDS_OF.schedule : event === undefined ? [] : WORDS_OF[event];
      const [first] = readPath(path!) ?? [];
      if (known.includes(String(first))) return [];
      const shape = known.map((word) => `\${${root}.${word}}`).join(', ');
      const says = known.length === 0 ? 'no event starts this schedule' : `there is ${shape}`;
      return [{ code: 'UNKNOWN_REFERENCE', pointer: pointer('params', name), message: `${quoted(raw)}: ${says}.` }];
    }),
  );
}
