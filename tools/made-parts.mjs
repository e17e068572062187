// Pages that are made in part: what stands between <!-- made:<part> --> and <!-- /made --> comes from the code or its figures.
import { format, resolveConfig } from 'prettier';

/** The text with its parts filled in, each of which must be there once, and laid out as Prettier does. */
export async function fill(file, text, parts) {
  const unused = new Set(Object.keys(parts));
  const filled = text.replaceAll(/(<!-- made:(\w+) -->)[^]*?(<!-- \/made -->)/g, (_, open, name, close) => {
    if (!unused.delete(name)) throw new Error(`${file}: the part "${name}" is there twice, or cannot be made`);
    return `${open}\n\n${parts[name]}\n\n${close}`;
  });
  if (unused.size > 0) throw new Error(`${file} lacks <!-- made:${[...unused][0]} --> <!-- /made -->`);
  return format(filled, { ...(await resolveConfig(file)), filepath: file });
}
