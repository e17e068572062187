import { runParties, type CrossedMessage } from '../party/run-parties.js';
import type { PartyUrl } from '../party/party-program.js';
import { TaskFailure, type TaskRun, type TaskRunResult } from '../contract/task-type.js';
import type { Finding, ValidationConfig } from './validation-config.js';
import type * as ValidationParty from './validation-party.js';
import type { ValidationArgs, ValidationValue } from './validation-party.js';

const program: PartyUrl<typeof ValidationParty> = new URL('./validation-party.js', import.meta.url);

/** Findings that an error lists; it counts the rest. */
const MAX_LISTED = 200;
const MAX_IN_MESSAGE = 10;

/**
 * Runs `validation`, whose parameters have been checked. Throws VALIDATION_FAILED with every finding; the reports with the
 * counts and row numbers are kept with the parties then too. `recorder` is for tests.
 */
export async function runValidation(
  run: TaskRun<ValidationConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const parties = Object.keys(config.input_data).sort();
  const argsOf = (party: string): ValidationArgs => ({
    path: config.input_data[party]!,
    schema: { ...config.schema, ...config.party_schemas?.[party] },
    minRows: config.rows?.min ?? null,
    maxRows: config.rows?.max ?? null,
    equalRows: config.rows?.equal ?? false,
  });
  const outcomes = await runParties({
    program,
    parties: Object.fromEntries(parties.map((party) => [party, argsOf(party)])),
    addons: config.rows?.equal ?? false,
    run,
    recorder,
  });
  const values = Object.entries(outcomes.parties).map(([party, { value }]) => [party, value] as const);
  const of = <K extends keyof ValidationValue>(key: K): Record<string, ValidationValue[K]> =>
    Object.fromEntries(values.map(([party, value]) => [party, value[key]]));
  const findings = values.flatMap(([, value]) => value.findings);
  if (findings.length > 0) throw failureOf(findings, of('report'));
  return {
    result: {
      valid: true,
      rows: of('rows'),
      columns_checked: of('columns'),
      output_reports: of('report'),
    },
    artifacts: outcomes.artifacts,
    partyResults: outcomes.partyResults,
  };
}

function failureOf(findings: readonly Finding[], reports: Readonly<Record<string, string>>): TaskFailure {
  const listed = findings.slice(0, MAX_IN_MESSAGE).map(textOf).join('; ');
  const more = findings.length > MAX_IN_MESSAGE ? `; and ${findings.length - MAX_IN_MESSAGE} more` : '';
  const message =
    `The tables do not pass: ${listed}${more}. Counts and numbers of the rows are in the report of each party, ` +
    `${Object.values(reports).join(', ')}.`;
  return new TaskFailure('VALIDATION_FAILED', message, false, {
    findings: findings.slice(0, MAX_LISTED).map((finding) => ({ ...finding })),
    findings_total: findings.length,
    output_reports: { ...reports },
  });
}

function textOf({ party, column, rule, extent }: Finding): string {
  const where = column === undefined ? party : `${party}'s column ${JSON.stringify(column)}`;
  return `${where} breaks "${rule}" (${extent})`;
}
