import type { JsonSchema } from '../contract/task-type.js';
import LIST from './component-list.json' with { type: 'json' };

/** A component of SecretFlow, as `npm run engine:secretflow -- --list` found it. */
export interface ListedComponent {
  /** `<domain>/<name>:<version>` */
  readonly id: string;
  readonly inputs: readonly ComponentPort[];
  readonly outputs: readonly ComponentPort[];
  /** Of its parameters by their paths; columns of an input are at `input/<port>/<name>`. */
  readonly attrs: JsonSchema;
}

interface ComponentPort {
  readonly port: string;
  readonly types: readonly string[];
  readonly optional?: boolean;
}

/** All of them. */
export const COMPONENTS: readonly ListedComponent[] = LIST;

const byId = new Map(COMPONENTS.map((each) => [each.id, each]));

/** The component of this id, or undefined. */
export const findComponent = (id: unknown): ListedComponent | undefined =>
  typeof id === 'string' ? byId.get(id) : undefined;

/** Whether a port takes or gives tables. */
export const isOfTables = ({ types }: ComponentPort): boolean => types.some((type) => type.startsWith('sf.table.'));

/** Whether a port gives a report. */
export const isReport = ({ types }: ComponentPort): boolean => types.includes('sf.report');
