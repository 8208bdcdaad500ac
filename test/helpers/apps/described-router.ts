import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import type { Auth } from '../../../src/index';
import { Description, type SentAnswer } from './description';

/** Violations in the current test. */
const violations: string[] = [];

// In every file that mounts a described router, a test fails if an answer doesn't match the description.
afterEach(failOnViolations);
afterAll(failOnViolations);

function failOnViolations(): void {
  const found = violations.splice(0);
  if (found.length === 0) return;
  throw new Error(`The router answered what its OpenAPI description does not say:\n${found.join('\n')}`);
}

/** Returns the violations so far. They no longer fail the test. */
export function takeViolations(): string[] {
  return violations.splice(0);
}

/** Express itself answers HEAD and OPTIONS. */
const isDescribed = ({ method }: Request) => ['GET', 'POST', 'DELETE'].includes(method);

/**
 * The router for `app.use('/auth', …)`. Every answer is compared with the description.
 * @param openapi another description, to test that a wrong one is detected
 */
export function describedRouter(
  auth: Auth,
  openapi = auth.openapi,
): (RequestHandler | ErrorRequestHandler)[] {
  const passedOn = new WeakSet<Request>();
  const watch: RequestHandler = (req, res, next) => {
    const { method, path } = req;
    const described = isDescribed(req);
    const end = res.end.bind(res) as (...args: unknown[]) => typeof res;
    res.end = (...args: unknown[]) => {
      // Express itself answers 304 to a client that has the current answer.
      if (described && !passedOn.has(req) && res.statusCode !== 304) {
        const body = typeof args[0] === 'string' || Buffer.isBuffer(args[0]) ? args[0].toString() : '';
        const answer = { method, path, status: res.statusCode, headers: res.getHeaders(), body };
        const found = violationsOf(auth, openapi, answer);
        violations.push(...found.map((each) => `${method} ${path}, status ${res.statusCode}: ${each}`));
      }
      return end(...args);
    };
    next();
  };
  const passOn: RequestHandler = (req, _res, next) => {
    passedOn.add(req);
    next();
  };
  const passErrorOn: ErrorRequestHandler = (error, req, _res, next) => {
    passedOn.add(req);
    next(error);
  };
  return [watch, auth.router, passOn, passErrorOn];
}

/** A broken description must fail the test, not leave its request without an answer. */
function violationsOf(auth: Auth, openapi: Auth['openapi'], answer: SentAnswer): string[] {
  try {
    return descriptionOf(auth, openapi).violations(answer);
  } catch (error) {
    return [String(error)];
  }
}

const byAuth = new WeakMap<Auth, Description>();
/** Many apps of a file have the same description. */
const byText = new Map<string, Description>();

function descriptionOf(auth: Auth, openapi: Auth['openapi']): Description {
  const known = byAuth.get(auth);
  if (known) return known;
  const document = openapi();
  const text = JSON.stringify(document);
  const description = byText.get(text) ?? new Description(document);
  byText.set(text, description);
  byAuth.set(auth, description);
  return description;
}
