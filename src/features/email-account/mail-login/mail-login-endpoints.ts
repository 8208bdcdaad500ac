import type { Response } from 'express';
import { z } from 'zod';
import { loginAnswer } from '../../../controllers/login-answer.js';
import { startByRequest } from '../../../controllers/start-session.js';
import { answerSchemas } from '../../../http/answer-schemas.js';
import { anObject, createFieldSchemas } from '../../../http/body-schemas.js';
import { BrowserSecret, type ShownSecrets } from '../../../http/browser-secret.js';
import { component } from '../../../http/component.js';
import type { Endpoint } from '../../../http/endpoint.js';
import { newSecret } from '../../../http/new-secret.js';
import type { Transport } from '../../../tokens/transport.js';
import { hideDuration } from '../../hide-duration.js';
import { loginMailedAnswer } from '../answers.js';
import { postEndpoint, type Posted } from '../endpoints.js';
import { addressFields, challengeField, codeField, tokenField } from '../fields.js';
import type { EmailAsker } from '../mail-requests.js';
import { proveMailbox } from '../prove-mailbox.js';
import type { EmailServices } from '../services.js';
import type { LoginRequest, ProvedLogin } from './asked-login.js';
import { askLoginCode, limitsOfCodes, proveLoginCode } from './login-code.js';
import { askLoginLink, proveLoginLink } from './login-link.js';

/**
 * Multiple-channel authentication (RFC 8176 §2): the page that asked is one channel, the mailbox the other. It isn't `otp`, because
 * that means RFC 4226 or RFC 6238, and marks a second factor, which a mail is not.
 */
const AMR = ['mca'] as const;

/** One of the ways to log in by mail. */
interface Way {
  readonly name: 'link' | 'code';
  /** The member of the body that has what the mail brought. */
  readonly member: 'token' | 'code';
  readonly field: z.ZodType<string>;
  ask(request: LoginRequest, asker: EmailAsker): Promise<void>;
  prove(text: string, shown: ShownSecrets, asker: EmailAsker): Promise<ProvedLogin>;
}

/** /login/link, /login/link/verify, /login/code, /login/code/verify: the ways that `options.login` names */
export function mailLoginEndpoints(services: EmailServices): Endpoint[] {
  return services.options.login.flatMap((name) => {
    const way = name === 'link' ? linkWay(services) : codeWay(services);
    const browser = new BrowserSecret(services.config.cookies, name);
    return [askEndpoint(services, way, browser), verifyEndpoint(services, way, browser)];
  });
}

function linkWay(services: EmailServices): Way {
  return {
    name: 'link',
    member: 'token',
    field: tokenField,
    ask: (request, asker) => askLoginLink(services, request, asker),
    prove: (token, shown, asker) => proveLoginLink(services, token, shown, asker),
  };
}

function codeWay(services: EmailServices): Way {
  const withLimits = { ...services, ...limitsOfCodes(services) };
  return {
    name: 'code',
    member: 'code',
    field: codeField,
    ask: (request, asker) => askLoginCode(withLimits, request, asker),
    prove: (code, shown, asker) => proveLoginCode(withLimits, code, shown, asker),
  };
}

interface AskBody {
  address: string;
  remember: boolean;
  transport: Transport;
}

function askEndpoint(services: EmailServices, way: Way, browser: BrowserSecret): Endpoint {
  const { options, textsFor } = services;
  return postEndpoint<AskBody>(services, {
    path: `/login/${way.name}`,
    schema: component(`AuthLogin${capitalized(way.name)}Request`, askSchema(services)),
    async answer({ body: { transport, ...login }, asker, req }, res) {
      const secret = transport === 'body' ? newSecret() : browser.create(req);
      await hideDuration(`login ${way.name}`, login.address, () =>
        way.ask({ ...login, transport, secret }, asker),
      );
      if (transport === 'cookie') browser.keep(res, secret, options.loginLifetimeSeconds);
      const message = textsFor(req, res).loginMailed;
      res.status(202).json({ message, ...(transport === 'body' && { challenge: secret }) });
    },
    operation: {
      id: `askLogin${capitalized(way.name)}`,
      tag: 'Login',
      summary: `Ask for a mail with a ${way.name} to log in`,
      description:
        'The answer is the same whether or not the address has an account. ' +
        `The ${way.name} is good once, in the browser or client that asked for it.`,
      needs: 'nothing',
      success: {
        status: 202,
        text: 'If the address has an account, a mail is on its way.',
        answer: loginMailedAnswer,
      },
      cookies: {
        always: false,
        text: 'One that lets only this browser use the mail, unless `transport` is `body`.',
      },
      failures: [],
    },
  });
}

function askSchema({ config }: EmailServices): z.ZodType<AskBody> {
  const { usernameField } = config;
  const fields = createFieldSchemas(config);
  const { remember, transport } = fields;
  return z
    .strictObject({ [usernameField]: addressFields(fields).address, remember, transport }, anObject)
    .transform((body) => ({
      address: body[usernameField] as string,
      remember: body['remember'] as boolean,
      transport: body['transport'] as Transport,
    }));
}

type VerifyBody = Partial<Record<string, string>>;

function verifyEndpoint(services: EmailServices, way: Way, browser: BrowserSecret): Endpoint {
  const { member, name } = way;
  return postEndpoint<VerifyBody>(services, {
    path: `/login/${name}/verify`,
    schema: component(
      `AuthLogin${capitalized(name)}VerifyRequest`,
      z.strictObject({ [member]: way.field, challenge: challengeField }, anObject),
    ),
    answer: (posted, res) => verifyLogin(services, way, browser, posted, res),
    operation: {
      id: `verifyLogin${capitalized(name)}`,
      tag: 'Login',
      summary: `Log in with the ${name} of a mail`,
      description:
        `Only in the browser that asked for the mail, or with the \`challenge\` of the client that asked. Elsewhere the ${name} ` +
        'is refused, and stays good.',
      needs: 'nothing',
      success: { text: 'The user is logged in.', answer: () => answerSchemas().login },
      cookies: {
        always: false,
        text: 'Both token cookies, unless the mail was asked for with `transport: "body"`.',
      },
      startsSession: true,
      // The last one by the queue of passwords to hash, where `proveMailbox` replaces a password.
      failures: ['ONE_TIME_TOKEN_INVALID', 'INVALID_CREDENTIALS', 'TOO_MANY_ATTEMPTS'],
    },
  });
}

/**
 * The token is taken before the session begins. The other way round, each of several parallel requests would begin a session. If an
 * outage comes in between, the user has to ask for another mail.
 */
async function verifyLogin(
  services: EmailServices,
  way: Way,
  browser: BrowserSecret,
  { body, asker, req }: Posted<VerifyBody>,
  res: Response,
): Promise<void> {
  const { challenge, [way.member]: text = '' } = body;
  const shown = browser.shown(req, challenge);
  const { user: found, ...login } = await way.prove(text, shown, asker);
  const user = await proveMailbox(services, found, asker, 'login');
  const { origin } = asker;
  const { issued, inBody } = await startByRequest(services, user, { ...login, req, res, origin, amr: AMR });
  if (login.transport === 'cookie') browser.clear(res);
  const message = services.textsFor(req, res).loginSuccessful;
  res.json(loginAnswer(message, issued, inBody));
}

function capitalized(name: Way['name']): 'Link' | 'Code' {
  return name === 'link' ? 'Link' : 'Code';
}
