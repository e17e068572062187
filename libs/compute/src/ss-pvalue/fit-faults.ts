import type { Unresolved } from '../contract/config-type.js';
import type { ParamFault } from '../contract/task-type.js';
import type { SsPvalueConfig } from './ss-pvalue-config.js';

/** Checks beyond the schema: which parties take part. While the chain is created any value may still be a reference. */
export function fitFaults({
  model,
  train_data: data,
  label_party: labelParty,
}: Unresolved<Pick<SsPvalueConfig, 'model' | 'train_data' | 'label_party'>>): ParamFault[] {
  if (typeof data !== 'object') return [];
  const parties = Object.keys(data);
  const faults: ParamFault[] = [];
  if (typeof model === 'object' && Object.keys(model).toSorted().join() !== parties.toSorted().join()) {
    faults.push({ pointer: '/model', message: `must be of the parties of train_data (${parties.join(', ')})` });
  }
  if (!labelParty.includes('${') && !parties.includes(labelParty)) {
    const message = `${JSON.stringify(labelParty)} is no party of train_data (${parties.join(', ')})`;
    faults.push({ pointer: '/label_party', message });
  }
  return faults;
}
