/** What the feature needs of `createAuthClient`. */
interface Caller {
  call<Answer>(method: string, path: string, body?: object): Promise<Answer>;
}

/** The feature's calls, for browsers. */
export function termsClient(client: Caller) {
  return {
    version: async () => (await client.call<{ version: string }>('GET', '/terms')).version,
    accept: async (ticket: string) => {
      await client.call('POST', '/terms/accept', { ticket });
    },
  };
}
