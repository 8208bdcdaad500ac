/** Which limit refused an attempt: one of the option `limits`, the queue of passwords to hash, or one that a feature has named here. */
export type LimitName =
  | 'username'
  | 'address'
  | 'register'
  | 'password'
  | 'logins'
  | 'hashing'
  | 'mailbox'
  | 'mail'
  | 'login-code'
  | 'login-code-mails'
  | 'second-factor'
  | 'second-factor-user'
  | 'step-up-session'
  | 'step-up-user'
  | 'passkey'
  | 'passkey-options'
  | 'passkey-options-unnamed';
