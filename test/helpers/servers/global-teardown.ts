/** Ends the servers that global-setup started. */
export default async function globalTeardown(): Promise<void> {
  await Promise.all(globalThis.sharedServers.map((server) => server.stop()));
}
