import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage, type PartyOutcomes } from '../party/run-parties.js';
import { columnNamer } from '../contract/column-names.js';
import { fitting, fittingNames } from '../contract/inline-result.js';
import { WITHHELD_STATISTICS } from './coarse-statistics.js';
import { runJointStatistics } from './joint-statistics-run.js';
import { reportArgs } from './report-config.js';
import { withReport } from './statistics-report.js';
import type { TableStatisticsConfig } from './table-statistics-config.js';
import { figuresOf, privateArgs } from './private-args.js';
import { withheldPrivate } from './private-statistics.js';
import type * as PrivateStatisticsParty from './private-statistics-party.js';
import type * as StatisticsParty from './statistics-party.js';

const program: PartyUrl<typeof StatisticsParty> = new URL('./statistics-party.js', import.meta.url);
const privateProgram: PartyUrl<typeof PrivateStatisticsParty> = new URL(
  './private-statistics-party.js',
  import.meta.url,
);

/** Bytes that a result has for the names of suppressed columns, besides the statistics; the report holds all. */
const SUPPRESSED_ROOM = 12 * 1024;

/** Runs `table_statistics`. A column that two parties have is named `<party>.<column>`. `recorder` is for tests. */
export async function runTableStatistics(
  run: TaskRun<TableStatisticsConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  if (config.joint === true) return runJointStatistics(run, recorder);
  const outcomes = await describe(run, recorder);
  const values = Object.entries(outcomes.parties).map(([party, { value }]) => [party, value] as const);
  const nameOf = columnNamer(Object.fromEntries(values.map(([party, { columns }]) => [party, Object.keys(columns)])));
  const statistics = Object.fromEntries(
    values.flatMap(([party, value]) =>
      Object.entries(value.columns).map(([column, each]) => [nameOf(party, column), { ...each }] as const),
    ),
  );
  const facts = {
    rows: Object.fromEntries(values.map(([party, { rows }]) => [party, rows])),
    suppressed: Object.fromEntries(values.map(([party, { suppressed }]) => [party, suppressed])),
  };
  const isPrivate = config.epsilon !== undefined;
  const refused = values.flatMap(([party, { withheld }]) => (withheld === null ? [] : [[`rows.${party}`, withheld]]));
  const more = {
    withheld: {
      ...(isPrivate ? withheldPrivate(figuresOf(config), 'statistics') : WITHHELD_STATISTICS),
      ...(Object.fromEntries(refused) as Record<string, string>),
    },
    ...(isPrivate && {
      epsilon: config.epsilon,
      epsilon_each: Object.fromEntries(
        values.map(([party, value]) => [party, 'epsilon_each' in value ? value.epsilon_each : null]),
      ),
    }),
  };
  const { inline, truncated } = fitting(statistics);
  const suppressed = fittingNames(facts.suppressed, SUPPRESSED_ROOM);
  const result = {
    rows: facts.rows,
    suppressed: suppressed.inline,
    ...(suppressed.truncated && { suppressed_truncated: true }),
    statistics: inline,
    ...(truncated && { statistics_truncated: true }),
    ...more,
  };
  return withReport(run, outcomes, { result, report: { ...facts, statistics, ...more } });
}

/** Lets each party describe its table: with `epsilon` under differential privacy. */
async function describe(
  run: TaskRun<TableStatisticsConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<PartyOutcomes<StatisticsParty.StatisticsPartyValue | PrivateStatisticsParty.PrivateStatisticsValue, null>> {
  const { task_config: config } = run.params;
  if (config.epsilon === undefined) return runParties({ program, parties: reportArgs(config), run, recorder });
  return runParties({ program: privateProgram, parties: privateArgs(config, config.epsilon), run, recorder });
}
