import { fitting } from '../contract/inline-result.js';
import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import { addedUpBy } from '../federated/aggregate-run.js';
import { toldAlike } from '../federated/told-alike.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import type * as JointStatisticsParty from './joint-statistics-party.js';
import { figuresOf, privateArgs } from './private-args.js';
import { withheldPrivate } from './private-statistics.js';
import { withReport } from './statistics-report.js';
import type { TableStatisticsConfig } from './table-statistics-config.js';

const program: PartyUrl<typeof JointStatisticsParty> = new URL('./joint-statistics-party.js', import.meta.url);

const NOT_OPENED = 'With joint, figures of one party are not opened.';

/** Runs `table_statistics` with `joint`: figures of the rows of all parties together. `recorder` is for tests. */
export async function runJointStatistics(
  run: TaskRun<TableStatisticsConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  // The parameters have been checked: joint needs epsilon.
  const epsilon = config.epsilon!;
  const each = privateArgs(config, epsilon);
  const names = Object.keys(each).sort();
  const threshold = names.length;
  const { plan, neutral } = addedUpBy(run, { parties: names, threshold, sums: 1, receivers: names, compare: false });
  const outcomes = await runParties({
    program,
    parties: Object.fromEntries(names.map((party) => [party, { ...each[party]!, sums: plan }])),
    neutral,
    addons: true,
    run,
    recorder,
  });
  const told = names.map((party) => [party, outcomes.parties[party]!.value] as const);
  const { columns, epsilon_each } = toldAlike(run, told)!;
  const { inline, truncated } = fitting(columns);
  const facts = {
    rows: Object.fromEntries(names.map((party) => [party, null])),
    suppressed: Object.fromEntries(names.map((party) => [party, []])),
    statistics: null,
    withheld: {
      ...withheldPrivate(figuresOf(config), 'joint.statistics'),
      'rows.*': NOT_OPENED,
      statistics: NOT_OPENED,
    },
  };
  const joint = { parties: names, epsilon, epsilon_each };
  return withReport(run, outcomes, {
    result: { ...facts, joint: { ...joint, statistics: inline, ...(truncated && { statistics_truncated: true }) } },
    report: { ...facts, joint: { ...joint, statistics: columns } },
  });
}
