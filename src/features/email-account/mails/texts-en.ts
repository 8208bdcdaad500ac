import type { MailTexts } from './mail.js';

/** `{appName}` is the option, `{lifetime}` is such as "15 minutes". Each text ends in what to do if it wasn't the reader. */
export const en: MailTexts = {
  verify: {
    subject: 'Confirm your email address for {appName}',
    lines: [
      'Welcome to {appName}! Please confirm your email address. That’s the last step of signing up.',
      'The link works once, for {lifetime}. If you open it in another browser than the one you signed up in, we also ask for your password.',
    ],
    button: 'Confirm address',
    ifNotYou: 'If you didn’t sign up, you can ignore this email.',
  },
  'already-registered': {
    subject: 'You already have an account at {appName}',
    lines: [
      'Someone just tried to sign up at {appName} with this email address. You already have an account, so you can simply log in.',
      'If you’ve forgotten your password, ask for a new one on the login page.',
    ],
    ifNotYou: 'If it wasn’t you, you don’t need to do anything. Nothing about your account has changed.',
  },
  reset: {
    subject: 'Choose a new password for {appName}',
    lines: [
      'Someone asked for a new password for your account at {appName}. If it was you, choose one now.',
      'The link works once, for {lifetime}. A new password logs you out on all devices. You can then log in with it.',
    ],
    button: 'Choose a new password',
    ifNotYou: 'If it wasn’t you, you can ignore this email. Your password stays the same.',
  },
  'password-changed': {
    subject: 'Your password for {appName} has changed',
    lines: [
      'Your account at {appName} has a new password. All other devices are logged out.',
      'If you changed it, there is nothing else to do.',
    ],
    ifNotYou:
      'If it wasn’t you, someone may have got into your account. Go to {appName} now and ask for a new password on the login page. Then change the password of your mailbox too.',
  },
  'email-change': {
    subject: 'Confirm your new email address for {appName}',
    lines: [
      'Someone asked to use this email address for an account at {appName}. If it was you, please confirm.',
      'Open the link where you are logged in to that account, or log in there first with its present address. The link works once, for {lifetime}. Until then your account keeps the address it has.',
    ],
    button: 'Confirm new address',
    ifNotYou: 'If it wasn’t you, you can ignore this email. Nothing changes.',
  },
  'email-change-taken': {
    subject: 'This email address already has an account at {appName}',
    lines: [
      'Someone asked to use this email address for another account at {appName}. It belongs to your account, so nothing has changed.',
      'If it was you, log in with this address, or choose a different one for the other account.',
    ],
    ifNotYou: 'If it wasn’t you, you don’t need to do anything.',
  },
  'email-changed': {
    subject: 'Your email address at {appName} has changed',
    lines: [
      'Your account at {appName} now has a different email address. From now on we write to that one.',
      'If you changed it, there is nothing else to do.',
    ],
    button: 'Undo the change',
    ifNotYou:
      'If it wasn’t you, undo the change within {lifetime}. Your account gets this address back, all devices are logged out, and we send you an email to choose a new password.',
  },
  'login-link': {
    subject: 'Your login link for {appName}',
    lines: [
      'Open this link to log in to {appName}. Use the browser in which you asked for it.',
      'The link works once, for {lifetime}. Please don’t forward it to anyone.',
    ],
    button: 'Log in',
    ifNotYou: 'If you didn’t ask for it, you can ignore this email.',
  },
  'login-code': {
    subject: 'Your login code for {appName}',
    lines: [
      'Enter this code to log in to {appName}.',
      'It works once, for {lifetime}, in the browser in which you asked for it.',
      'Never tell anyone this code. We never ask you for it, whether by email, by phone or in a chat.',
    ],
    ifNotYou: 'If you didn’t ask for it, you can ignore this email.',
  },
  'factor-added': {
    subject: 'Your account at {appName} has a new second step',
    lines: [
      'A second step for logging in, such as an authenticator app or a passkey, was added to your account at {appName}.',
      'If you added it, there is nothing else to do. Keep your recovery codes in a safe place.',
    ],
    ifNotYou:
      'If it wasn’t you, someone may have got into your account. Go to {appName} now, ask for a new password on the login page, and tell the people who run {appName}.',
  },
  'factor-removed': {
    subject: 'A second step was removed from your account at {appName}',
    lines: [
      'A second step for logging in, such as an authenticator app or a passkey, was removed from your account at {appName}.',
      'If you removed it, there is nothing else to do.',
    ],
    ifNotYou:
      'If it wasn’t you, someone may have got into your account. Go to {appName} now and ask for a new password on the login page. Then add a second step again.',
  },
  'recovery-code-used': {
    subject: 'A recovery code for {appName} was used',
    lines: [
      'One of the recovery codes of your account at {appName} was used. It can’t be used again.',
      'If it was you, there is nothing else to do. If only a few codes are left, make new ones.',
    ],
    ifNotYou:
      'If it wasn’t you, someone has your password and at least one of your codes. Go to {appName} now and ask for a new password on the login page. Then make new recovery codes.',
  },
  'recovery-codes-renewed': {
    subject: 'Your account at {appName} has new recovery codes',
    lines: [
      'New recovery codes were made for your account at {appName}. The old ones don’t work any more.',
      'If you made them, there is nothing else to do. Keep them in a safe place, and throw the old ones away.',
    ],
    ifNotYou:
      'If it wasn’t you, someone may have got into your account. Go to {appName} now and ask for a new password on the login page. Then make new recovery codes yourself.',
  },
};
