import type { AuthEvents } from '../../../events/auth-events.js';
import type { Mail, SendMail } from './mail.js';

export class Mailer {
  readonly #send: SendMail;
  constructor({ send }: { send: SendMail; events: AuthEvents }) {
    this.#send = send;
  }
  post(mail: Mail): void {
    void this.#send(mail);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}
