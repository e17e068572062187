import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import { TaskFailure, type TaskRun, type TaskRunResult } from '../contract/task-type.js';
import type { EncryptConfig } from './encrypt-config.js';
import type * as EncryptCourier from './encrypt-courier.js';
import type * as EncryptParty from './encrypt-party.js';

const program: PartyUrl<typeof EncryptParty> = new URL('./encrypt-party.js', import.meta.url);
const courier: PartyUrl<typeof EncryptCourier> = new URL('./encrypt-courier.js', import.meta.url);

/** Runs `encrypt`, whose parameters have been checked. `recorder` is for tests. */
export async function runEncrypt(
  run: TaskRun<EncryptConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const { recipients, armor = false } = config;
  const files = Object.entries(config.input_data ?? {})
    .map(([party, paths]) => [party, [paths].flat()] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  const takesResults = config.results ?? files.length === 0;
  if (takesResults && Object.keys(run.inputs).length === 0) {
    const message =
      'There is nothing to encrypt: name files in task_config.input_data, or let the task depend on others.';
    throw new TaskFailure('NOTHING_TO_ENCRYPT', message);
  }
  const courierArgs: EncryptCourier.CourierArgs = {
    files: files.map(([party, paths]) => [party, paths.length]),
    results: takesResults ? run.inputs : null,
    recipients,
    armor,
  };
  const outcomes = await runParties({
    program,
    parties: Object.fromEntries(files.map(([party, paths]) => [party, { paths, recipients }])),
    neutral: { program: courier, args: courierArgs, keepsFiles: true },
    run,
    recorder,
  });
  const { value, artifacts } = outcomes.neutral!;
  return {
    result: {
      format: armor ? 'age-encryption.org/v1, armored' : 'age-encryption.org/v1',
      recipients: [...recipients],
      files: value.map((file) => ({ ...file })),
    },
    artifacts,
  };
}
