import type { JsonObject, JsonSafe, TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyModule, PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage, type Outside } from '../party/run-parties.js';
import type { VerticalPlan } from './vertical-plan.js';

/** What each party of a vertical training returns about its files. */
interface Trained {
  readonly model: string;
  readonly prediction: { readonly reference: string; readonly rows: number } | null;
}

interface VerticalRun<
  Plan extends JsonSafe<Plan>,
  Part extends JsonSafe<Part>,
  Outcome extends JsonSafe<Outcome>,
  Dealt extends JsonSafe<Dealt>,
> {
  readonly program: PartyUrl<PartyModule<Part, Outcome>>;
  /** Null where the parties need none. */
  readonly dealer: PartyUrl<PartyModule<Plan, Dealt>> | null;
  readonly plan: NoInfer<Plan> & VerticalPlan;
  /** By party. */
  readonly parts: Readonly<Record<string, NoInfer<Part>>>;
  readonly run: TaskRun;
  readonly recorder?: ((message: CrossedMessage) => void) | undefined;
  /** What the run does while the parties wait for it. */
  readonly outside?: Outside;
}

/**
 * Runs a vertical training: a process per party, and one for the dealer, if there is one. The result says where the slices of the model and
 * the predictions lie, and has `metrics` of what the parties returned.
 */
export async function runVertical<
  Plan extends JsonSafe<Plan>,
  Part extends JsonSafe<Part>,
  Outcome extends JsonSafe<Outcome> & Trained,
  Dealt extends JsonSafe<Dealt>,
>(
  { program, dealer, plan, parts, run, recorder, outside }: VerticalRun<Plan, Part, Outcome, Dealt>,
  metrics: (outcomeOf: (party: string) => Outcome) => JsonObject,
): Promise<TaskRunResult> {
  const { parties, artifacts } = await runParties({
    program,
    parties: parts,
    neutral: dealer === null ? undefined : { program: dealer, args: plan },
    run,
    recorder,
    ...(outside && { outside }),
  });
  const outcomeOf = (party: string): Outcome => parties[party]!.value;
  const { prediction } = outcomeOf(plan.receiver);
  const result = {
    model_saved: true,
    model_paths: Object.fromEntries(plan.parties.map((party) => [party, outcomeOf(party).model])),
    training_metrics: metrics(outcomeOf),
    ...(prediction && {
      prediction_output: prediction.reference,
      prediction_receiver: plan.receiver,
      prediction_rows: prediction.rows,
      predicted_on: plan.predictOn,
    }),
  };
  return { result, artifacts };
}
