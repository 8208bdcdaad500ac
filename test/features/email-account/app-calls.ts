import type { Mail } from '../../../src/index';
import { eventually } from '../../helpers/eventually';

/** What the apps in processes of their own answer, as far as tests read it. */
export interface Answer {
  status: number;
  accessToken?: string;
  refreshToken?: string;
  passwordHash?: string;
}

export async function post(url: string, body: object, accessToken?: string): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      ...(accessToken && { Authorization: `Bearer ${accessToken}` }),
    },
    body: JSON.stringify(body),
  });
  return { ...((await response.json()) as object), status: response.status };
}

/** Waits for the mail that the app at that address sends. */
export async function mailTo(address: string, to: string, kind: Mail['kind']): Promise<Mail> {
  let found: Mail | undefined;
  await eventually(`a mail ${kind} to ${to}`, async () => {
    const mails = (await (await fetch(`${address}/own/mails`)).json()) as Mail[];
    found = mails.find((mail) => mail.to === to && mail.kind === kind);
    return found !== undefined;
  });
  return found as Mail;
}
