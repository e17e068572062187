import type { Unresolved } from '../contract/config-type.js';
import { defineTask } from '../contract/define-task.js';
import { tableNameFaults } from '../contract/party-faults.js';
import type { ParamFault } from '../contract/task-type.js';
import { scriptSchema, type ScriptConfig } from './script-config.js';

/** A command that the operator of the worker allows, over the tables of one party. */
export const script = defineTask({
  type: 'script',
  title: 'Command over the tables of a party',
  description:
    'Runs a command that the operator allows by name on copies of tables of one party, confined to them and without a network, and keeps the table that it ' +
    'writes. Off until the operator allows a command.',
  configSchema: scriptSchema,
  leaves:
    'Whether the command succeeds, which is judged as a figure about the rows where it fails. Of the table a bound of its size: the next power of two, ' +
    'no less than that of the tables that were read. Its rows and their number stay with the party, and so do the exit code and stderr. What the ' +
    'command itself sends elsewhere, nothing here sees: its operator answers for it. Where another party names the command, it always waits for the owner.',
  needsParties: true,
  check,
  load: async () => (await import('./script-run.js')).runScript,
});

function check({ script: name, arguments: given, input_data: tables }: Unresolved<ScriptConfig>): ParamFault[] {
  const open = 'must hold no "${": the owner decides on the text as it stands';
  const faults = tableNameFaults(tables);
  if (name.includes('${')) faults.push({ pointer: '/script', message: open });
  if (typeof given === 'string') faults.push({ pointer: '/arguments', message: open });
  for (const [at, text] of (typeof given === 'object' ? given : []).entries()) {
    const pointer = `/arguments/${at}`;
    if (text.includes('${')) faults.push({ pointer, message: open });
    if (text.startsWith('-')) faults.push({ pointer, message: 'must not begin with "-": the operator gives options' });
    if (text.includes('\0')) faults.push({ pointer, message: 'must hold no NUL' });
  }
  return faults;
}
