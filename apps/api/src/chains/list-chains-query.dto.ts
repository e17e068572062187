import { CHAIN_STATUSES } from '#libs/chain-domain';
import { CHAIN_FIELDS, CHAIN_SORTS, type ChainFilter, type ChainPage, type ChainSort } from '#libs/repositories';
import { QueryChoice, QueryList, QueryNumber, queryRule, QueryText, QueryTime } from '../http/query-rules.js';
import { readCursor } from './cursor.js';
import { gatherLabels, labelsFault, readLabels } from './labels.js';

const TYPES = ['sequential', 'parallel', 'chord', 'complex'];
/** Deeper pages are read by cursor: an offset costs as much as all rows before it. */
const MAX_OFFSET = 10_000;

/** The query of `GET /chains`. */
export class ListChainsQueryDto {
  static readonly refusesUnknown = true;
  static readonly gather = gatherLabels;

  /** One or more statuses, separated by commas. */
  @QueryList(CHAIN_STATUSES, { example: 'RUNNING,PENDING' })
  status?: string[];
  /** One or more of sequential, parallel, chord, complex, separated by commas. */
  @QueryList(TYPES, { example: 'chord' })
  chain_type?: string[];
  /** The creator, as in `created_by`. */
  @QueryText(64)
  created_by?: string;
  /** Chains with a task of this type. */
  @QueryText(50)
  task_type?: string;
  /** Children of this chain. */
  @QueryText(64)
  parent_chain_id?: string;
  /** Text that the chain's name contains. */
  @QueryText()
  q?: string;
  /** Created at or after this time. */
  @QueryTime()
  created_from?: string;
  /** Created before this time. */
  @QueryTime()
  created_to?: string;
  /** Chains that have all these labels, separated by commas; also as `labels.<key>=<value>`, one parameter each. */
  @QueryText(10_000, { example: 'env=prod,team=risk' })
  @queryRule('labels', labelsFault)
  labels?: string;
  /** Sorts by the time of creation or of the end, or by name; `-` sorts the last ones first. Chains that have not ended count as the first to end. */
  @QueryChoice(CHAIN_SORTS.flatMap((sort) => [sort, `-${sort}`]), { default: '-created_at' })
  sort?: string;
  /** Only these fields of each chain, separated by commas. `chain_id` is always there. */
  @QueryList(CHAIN_FIELDS, { example: 'chain_name,status,progress' })
  fields?: string[];
  /** Page number, within the first 10,000 chains; `cursor` works at any depth. */
  @QueryNumber(1, MAX_OFFSET, { maximum: undefined, default: 1 })
  @queryRule<ListChainsQueryDto>('page', (_, { page = 1, page_size: size = 20, cursor }) => {
    if (cursor !== undefined) return 'Give page or cursor, not both.';
    return (page - 1) * size > MAX_OFFSET ? `Pages beyond the first ${MAX_OFFSET} chains are read by cursor.` : null;
  })
  page?: number;
  /** Chains per page. */
  @QueryNumber(1, 200, { default: 20 })
  page_size?: number;
  /** The `next_cursor` of the previous page. */
  @QueryText(undefined, { maxLength: undefined })
  @queryRule<ListChainsQueryDto>('cursor', (value, { sort }) =>
    readCursor(value, sortOf(sort)) === undefined ? 'Not a cursor of this list.' : null,
  )
  cursor?: string;
}

/** The chains that the query asks for. */
export const filterOf = (query: ListChainsQueryDto): ChainFilter => ({
  statuses: query.status,
  chainTypes: query.chain_type,
  createdBy: query.created_by,
  taskType: query.task_type,
  parentId: query.parent_chain_id,
  q: query.q,
  createdFrom: query.created_from,
  createdTo: query.created_to,
  labels: readLabels(query.labels),
});

/** What the list is sorted by. A word that is not known has failed its rule before. */
const sortOf = (sort = ''): ChainSort => CHAIN_SORTS.find((each) => sort.endsWith(each)) ?? 'created_at';

/** The page that the query asks for. */
export function pageOf({ sort, cursor, fields, page = 1, page_size: limit = 20 }: ListChainsQueryDto): ChainPage {
  const offset = cursor === undefined ? (page - 1) * limit : 0;
  const by = sortOf(sort);
  return { sort: by, ascending: sort === by, limit, offset, after: readCursor(cursor, by), fields };
}
