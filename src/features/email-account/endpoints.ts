import type { Request, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import type { Endpoint } from '../../http/endpoint.js';
import { BODY_FAILURES, type Operation } from '../../http/operation.js';
import type { Messages } from '../../messages/messages.js';
import { aroundBody } from '../../middleware/around-body.js';
import { validateBody } from '../../middleware/validate-body.js';
import { messageAnswer } from './answers.js';
import { emailAskerOf, type EmailAsker } from './mail-requests.js';
import type { EmailServices } from './services.js';

/** A request with a valid body. */
export interface Posted<Body> {
  readonly body: Body;
  readonly asker: EmailAsker;
  readonly req: Request;
}

interface PostEndpoint<Body> {
  readonly path: Endpoint['path'];
  /** Asked before the body is read, and again when it is there. Default: none, for an endpoint that needs no login. */
  readonly guard?: RequestHandler;
  readonly schema: z.ZodType<Body>;
  /** With the failures that not every endpoint of this feature has. */
  readonly operation: Omit<Operation, 'tag' | 'body'> & Partial<Pick<Operation, 'tag'>>;
  readonly answer: (posted: Posted<Body>, res: Response) => Promise<void>;
}

/** An endpoint of this feature that takes JSON, and nothing from pages of other sites. */
export function postEndpoint<Body>(
  { sameSite, ...services }: EmailServices,
  { path, guard, schema, operation, answer }: PostEndpoint<Body>,
): Endpoint {
  return {
    verb: 'post',
    path,
    chain: [
      sameSite,
      ...aroundBody(guard ? [guard] : [], validateBody(schema)),
      (req: Request, res: Response) =>
        answer({ body: req.body as Body, asker: emailAskerOf(services, req, res), req }, res),
    ],
    operation: {
      tag: 'Account',
      ...operation,
      body: { schema, required: true },
      failures: [...BODY_FAILURES, ...operation.failures, 'CROSS_SITE_REQUEST', 'SERVICE_UNAVAILABLE'],
    },
  };
}

interface MessageEndpoint<Body> extends Omit<PostEndpoint<Body>, 'answer'> {
  /** The answer, whatever `run` has found out. */
  readonly message: keyof Messages;
  readonly run: (posted: Posted<Body>) => Promise<void>;
}

/** An endpoint whose answer says only what has happened. */
export function messageEndpoint<Body>(
  services: EmailServices,
  { message, run, operation, ...rest }: MessageEndpoint<Body>,
): Endpoint {
  const { success } = operation;
  return postEndpoint(services, {
    ...rest,
    operation: { ...operation, success: { ...success, answer: messageAnswer } },
    async answer(posted, res) {
      await run(posted);
      res.status(success.status ?? 200).json({ message: services.textsFor(posted.req, res)[message] });
    },
  });
}
