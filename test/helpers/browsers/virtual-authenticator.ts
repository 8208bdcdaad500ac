import type { CDPSession, Page } from 'playwright-core';

export interface VirtualAuthenticator {
  /** For further commands about it. */
  readonly session: CDPSession;
  readonly authenticatorId: string;
}

/** Gives a tab a security key that keeps passkeys, knows its user, and agrees to everything. */
export async function addAuthenticator(page: Page): Promise<VirtualAuthenticator> {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { session, authenticatorId };
}
