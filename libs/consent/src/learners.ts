/**
 * The parties to which a task opens something: to one of them alone, or its result. Where it does not surely open to fewer, these are
 * all its parties: each party of a training gets its part of the model, whoever gets the predictions. Takes any config and never throws.
 */
export function learnersOf(
  taskType: string,
  engine: string,
  config: unknown,
  parties: readonly string[],
): readonly string[] {
  const fields = (config ?? {}) as Readonly<Record<string, unknown>>;
  const { receiver, receivers, coefficients_to: readers, broadcast_result: broadcast, join, left_party: left } = fields;
  // Others may have defaults of other kinds.
  if (engine !== 'native' && engine !== 'secretflow') return parties;
  if (taskType === 'psi_count' && typeof receiver === 'string') return [receiver];
  if (taskType === 'psi' && join === 'left') return parties.filter((party) => party !== left);
  if (taskType === 'psi' && (join === 'right' || join === 'difference'))
    return typeof left === 'string' ? [left] : parties;
  if (taskType === 'psi' && typeof receiver === 'string' && broadcast !== true) return [receiver];
  if (taskType === 'model_export' && areNames(readers)) return readers;
  return ['aggregate', 'merge_models'].includes(taskType) && areNames(receivers) ? receivers : parties;
}

const OF_FIRST = 'one party could compute all that another brings';
const OF_RECEIVER = 'a party that breaks the protocol could test more keys than it has rows';

/** By task type: the protocols that open more than others of the type, on which engines, and to whom. */
const WEAKER: Readonly<
  Record<string, readonly (readonly [protocol: string, engines: readonly string[], risk: string])[]>
> = {
  // SPU lets the first party of SEMI2K make the triples of both.
  ss_lr: [['SEMI2K', ['secretflow'], OF_FIRST]],
  component: [['SEMI2K', ['secretflow'], OF_FIRST]],
  // Semi-honest: neither checks what the receiver sends. At a fleet the protocol is the fleet's word, so bounds for it would bound nothing.
  psi: [
    ['KKRT_PSI_2PC', ['native', 'secretflow'], OF_RECEIVER],
    ['RR22_PSI_2PC', ['secretflow'], OF_RECEIVER],
  ],
};

/** What a party could do by the protocol that a task names, and not by others of its type. Undefined for nothing. Takes any config and never throws. */
export function riskOfProtocol(taskType: string, engine: string, config: unknown): string | undefined {
  const { protocol } = (config ?? {}) as Readonly<Record<string, unknown>>;
  const weaker = Object.hasOwn(WEAKER, taskType) ? WEAKER[taskType]! : [];
  const found = weaker.find(([name, engines]) => name === protocol && engines.includes(engine));
  return found && `by ${found[0]} on ${engine} ${found[2]}`;
}

const areNames = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');
