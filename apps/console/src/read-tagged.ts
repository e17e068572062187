import { TaskChainClient } from '#client';

/** What `read` answers, with the tag of its state: a change that names the tag is refused once somebody else has made one. */
export async function readTagged<T>(read: (client: TaskChainClient) => Promise<T>): Promise<{ of: T; tag: string }> {
  let tag = '';
  const watched: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    tag = response.headers.get('ETag') ?? '';
    return response;
  };
  return { of: await read(new TaskChainClient({ baseUrl: location.origin, fetch: watched })), tag };
}
