import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { runVertical } from '../vertical/run-vertical.js';
import { ROWS_FOR_LOSS } from './explained.js';
import { partsOf, planOf } from './glm-plan.js';
import type { SsGlmConfig } from './ss-glm-config.js';
import type * as SsGlmDealer from './ss-glm-dealer.js';
import type * as SsGlmParty from './ss-glm-party.js';

const program: PartyUrl<typeof SsGlmParty> = new URL('./ss-glm-party.js', import.meta.url);
const dealer: PartyUrl<typeof SsGlmDealer> = new URL('./ss-glm-dealer.js', import.meta.url);

/** Runs `ss_glm` with checked parameters. `recorder` is for tests. */
export async function runSsGlm(
  run: TaskRun<SsGlmConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const plan = planOf(config);
  return runVertical({ program, dealer, plan, parts: partsOf(config, plan), run, recorder }, (outcomeOf) => {
    const { rows, heldOut, explained } = outcomeOf(plan.parties[0]);
    const why = `it is opened from ${ROWS_FOR_LOSS} rows of training on, and not where it would not fit half a bit a row`;
    return {
      distribution: config.params?.distribution ?? 'bernoulli',
      link: plan.family.link,
      explained,
      explained_of: plan.family.link === 'log' ? 'deviance' : 'squared_residuals',
      rows,
      held_out_rows: heldOut,
      ...(explained === null && { withheld: { explained: why } }),
    };
  });
}
