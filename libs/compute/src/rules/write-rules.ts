import type { PartyContext } from '../party/party-program.js';
import { RULES_FILE, RULES_FORMAT, type RuleStep, type RulesFile } from './rule-types.js';

/** What a task learnt from one table. */
interface Learnt {
  readonly taskType: string;
  /** The table, as the party opened it. */
  readonly input: string;
  readonly steps: readonly RuleStep[];
}

/** Writes a party's `rules.json`, and returns its reference. What is made by them is also made of the rows of `input`. */
export async function writeRules(context: PartyContext, { taskType, input, steps }: Learnt): Promise<string> {
  const file: RulesFile = {
    format: RULES_FORMAT,
    party: context.party,
    made_by: { task_type: taskType, chain_id: context.chainId, task_id: context.taskId },
    learnt_from: { table: input, datasets: context.datasets },
    steps,
  };
  const output = await context.createOutput({ name: RULES_FILE, mediaType: 'application/json', rows: { of: input } });
  await output.write(`${JSON.stringify(file, null, 2)}\n`);
  await output.finish();
  return output.reference;
}
