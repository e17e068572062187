import { format, resolveConfig } from 'prettier';

/**
 * Fills in a page that is made in part: what stands between <!-- made:<part> --> and <!-- /made -->. Each part must be there
 * once. Returns the text as Prettier lays it out.
 */
export async function fill(file: string, text: string, parts: Readonly<Record<string, string>>): Promise<string> {
  const unused = new Set(Object.keys(parts));
  const filled = text.replaceAll(
    /(<!-- made:(\w+) -->)[^]*?(<!-- \/made -->)/g,
    (_, open: string, name: string, close: string) => {
      if (!unused.delete(name)) throw new Error(`${file}: the part "${name}" is there twice, or cannot be made`);
      return `${open}\n\n${parts[name]}\n\n${close}`;
    },
  );
  if (unused.size > 0) throw new Error(`${file} lacks <!-- made:${[...unused][0]} --> <!-- /made -->`);
  return format(filled, { ...(await resolveConfig(file)), filepath: file });
}
