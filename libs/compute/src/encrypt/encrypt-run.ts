import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import { TaskFailure, type TaskRun, type TaskRunResult } from '../contract/task-type.js';
import { PeerMessage, violation } from '../contract/peer-message.js';
import type { EncryptConfig } from './encrypt-config.js';
import type * as EncryptCourier from './encrypt-courier.js';
import type * as EncryptParty from './encrypt-party.js';

const program: PartyUrl<typeof EncryptParty> = new URL('./encrypt-party.js', import.meta.url);
const courier: PartyUrl<typeof EncryptCourier> = new URL('./encrypt-courier.js', import.meta.url);

const MAX_NAME = 4_096;

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
  // At sites each party keeps its own: to hand it over is up to its people.
  const keeps = run.site ? { armor } : null;
  const outcomes = await runParties({
    program,
    parties: Object.fromEntries(files.map(([party, paths]) => [party, { paths, recipients, keeps }])),
    neutral: keeps ? undefined : { program: courier, args: courierArgs, keepsFiles: true },
    run,
    recorder,
  });
  const { artifacts } = outcomes;
  const value =
    outcomes.neutral?.value ??
    files.flatMap(([party, paths]) => keptFrom(run, party, paths.length, outcomes.parties[party]!.value));
  return {
    result: {
      format: armor ? 'age-encryption.org/v1, armored' : 'age-encryption.org/v1',
      recipients: [...recipients],
      files: value.map((file) => ({ ...file })),
    },
    artifacts,
  };
}

/** What a site says that its party has kept. Throws PROTOCOL_VIOLATION on what is no list of as many artifacts of that party. */
function keptFrom(
  { chainId, taskId }: Pick<TaskRun, 'chainId' | 'taskId'>,
  party: string,
  count: number,
  value: unknown,
): EncryptCourier.EncryptedFile[] {
  const isAny = (item: unknown): item is unknown => item !== undefined;
  const files = new PeerMessage(party, value).list('files', count, isAny).map((item) => {
    const file = new PeerMessage(party, item);
    const size = (name: string): number => file.count(name, Number.MAX_SAFE_INTEGER);
    const [name, artifact] = [file.text('name', MAX_NAME), file.text('artifact', MAX_NAME)];
    if (!artifact.startsWith(`artifact:${chainId}/${taskId}/${party}/`))
      throw violation(party, 'a file of another one');
    return { party, name, artifact, plaintext_bytes: size('plaintext_bytes'), bytes: size('bytes') };
  });
  if (files.length !== count) throw violation(party, `${files.length} files, and the task names ${count}`);
  return files;
}
