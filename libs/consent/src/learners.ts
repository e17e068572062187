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

/**
 * Whether the protocol that a task names lets one party compute all that another brings: SPU lets the first party of SEMI2K make the triples of both. Takes any
 * config and never throws.
 */
export function trustsOneParty(taskType: string, engine: string, config: unknown): boolean {
  const { protocol } = (config ?? {}) as Readonly<Record<string, unknown>>;
  return ['ss_lr', 'component'].includes(taskType) && engine === 'secretflow' && protocol === 'SEMI2K';
}

const areNames = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');
