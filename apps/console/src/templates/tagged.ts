import { TaskChainClient, type UsedTemplateDto } from '#client';

/** A template with the tag of its state: a change that names it is refused once somebody else has changed the template. */
export async function readTagged(template_id: string): Promise<{ template: UsedTemplateDto; tag: string }> {
  let tag = '';
  const watched: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    tag = response.headers.get('ETag') ?? '';
    return response;
  };
  const client = new TaskChainClient({ baseUrl: location.origin, fetch: watched });
  return { template: await client.getTemplate({ path: { template_id } }), tag };
}
