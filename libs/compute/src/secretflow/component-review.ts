import type { ParamFault } from '../contract/task-type.js';
import { predictionsFor, type Opened } from '../party/opened.js';

/** Kinds of columns in SecretFlow. */
export const KINDS = ['str', 'int', 'float'] as const;
export type Kind = (typeof KINDS)[number];

/** What a task asks of a component. */
export interface Asked {
  readonly parties: readonly string[];
  readonly protocol: unknown;
  readonly attrs: Readonly<Record<string, unknown>>;
  /** Path by party and input. */
  readonly inputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly label: string | undefined;
  readonly labelParty: string | undefined;
}

/** A column that goes in, as the party's own process has read it. */
export interface OwnColumn {
  readonly name: string;
  readonly rows: number;
  /** Distinct values, up to one more than a few. */
  readonly distinct: number;
}

/** What a party's process knows when it counts what the component opens. */
export interface Opening extends Asked {
  readonly party: string;
  readonly peers: readonly string[];
  /** Features and label. */
  readonly columns: readonly OwnColumn[];
  readonly keys: readonly string[];
  readonly rows: number;
  /** The fewest rows that a figure for others covers. */
  readonly least: number;
  /** Kinds of the features of each party. */
  readonly features: Readonly<Record<string, readonly Kind[]>>;
}

/** A component of which somebody has read the source, and what follows from that. */
export interface Reviewed {
  /** What each party learns, as its source has it. */
  readonly leaves: string;
  /** How many parties bring something. One alone sends nothing. */
  readonly parties: { readonly least?: number; readonly most: number };
  /** Values that these parameters must have. */
  readonly attrs?: Readonly<Record<string, { readonly values: readonly unknown[]; readonly message: string }>>;
  readonly check?: (asked: Asked) => ParamFault[];
  /** Whether the keys of each table differ. */
  readonly uniqueKeys?: true;
  /** Whether tables of several parties have to have the same rows. */
  readonly aligned?: true;
  /** Whether what others see would show the rows in which a column differs from its most frequent value. */
  readonly refusesFewApart?: true;
  /** The fewest rows for each feature of all parties together: with fewer, what others see is too many equations about the rows. */
  readonly rowsEach?: number;
  /** Whether bins of under so many rows that others see, or of under a few rows of a class of the label, end the run. */
  readonly refusesSmallBins?: true;
  /** Whether it computes in a ring of 128 bits, which CHEETAH has not. */
  readonly needsSemi2k?: true;
  /** Columns that come out beside those that went in. */
  readonly adds?: (asked: Asked) => readonly string[];
  /** What is opened to others, before they see any of it. */
  readonly opens?: (opening: Opening) => readonly Opened[];
}

export const RUNS =
  "Both parties' processes are of this worker and trust its build of SecretFlow, whose links carry Python objects in clear on this machine. Semi-honest model.";
export const NAMES = "The names and kinds of the other party's columns that go in.";
export const SHARES =
  'Shares and ciphertexts of CHEETAH; with SEMI2K masked shares, and then the first party by name could compute all that the other brings.';
export const SHARES_OF_SEMI2K =
  'Masked shares of SEMI2K, by which the first party by name could compute all that the other brings: CHEETAH has no ring that is wide enough.';
const ALONE =
  'Nothing: it runs in the process of one party alone. Its report goes to the readers of that party (party_results), and no figure of it to others.';

export const ALONE_IN_ITS_PROCESS: Pick<Reviewed, 'leaves' | 'parties'> = { leaves: ALONE, parties: { most: 1 } };

/** The fewest rows of a bin that others see, where no policy asks for more, and of each class of the label in it. */
export const FLOOR = { rows: 20, ofClass: 5 } as const;

export const textOf = (value: unknown): string | undefined => {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return typeof one === 'string' ? one : undefined;
};

/** A parameter that says so or nothing. */
export const mustBe = (
  values: readonly unknown[],
  why: string,
): { readonly values: readonly unknown[]; readonly message: string } => ({
  values: [undefined, ...values],
  message: `must be ${values.map((value) => JSON.stringify(value)).join(' or ')}, or absent: ${why}`,
});

/** The label of the component has to be that of the task, of which one party counts what is opened. */
export const labelIsNamed = ({ attrs: { 'input/input_ds/label': named }, label }: Asked): ParamFault[] => {
  const name = textOf(named);
  return name === undefined || label === undefined || name === label || name.includes('${') || label.includes('${')
    ? label === undefined
      ? [{ pointer: '/label', message: 'names the label, and label_party its party' }]
      : []
    : [{ pointer: '/attrs/input~1input_ds~1label', message: `must be ${JSON.stringify(label)}, as label says` }];
};

/** The column that a prediction makes, its receiver among the parties, and how many it gets. */
export const PREDICTS: Pick<Reviewed, 'adds' | 'check' | 'opens'> = {
  adds: ({ attrs: { pred_name: name = 'pred' } }) => (typeof name === 'string' ? [name] : []),
  check: ({ attrs: { receiver }, parties }) => {
    const name = textOf(receiver);
    return name === undefined || name.includes('${') || parties.includes(name)
      ? []
      : [{ pointer: '/attrs/receiver', message: `is no party of input_data (${parties.join(', ')})` }];
  },
  opens: ({ attrs: { receiver }, party, rows }) => {
    const to = textOf(receiver)!;
    return to === party ? [] : [predictionsFor(to, rows)];
  },
};
