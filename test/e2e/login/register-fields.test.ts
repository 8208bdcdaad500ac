import express from 'express';
import request from 'supertest';
import * as v from 'valibot';
import { z } from 'zod';
import {
  AuthError,
  createAuth,
  MemoryUserStore,
  UsernameTakenError,
  type AuthOptions,
  type RegistrationOptions,
  type StandardSchemaResult,
  type StandardSchemaV1,
} from '../../../src/index';
import { PasswordHasher } from '../../../src/accounts/password-hasher';
import { validateRegistration } from '../../../src/middleware/validate-registration';
import { createTestApp, PASSWORD } from '../../helpers/apps/app';
import { optionsWith } from '../../helpers/apps/options';
import { expectFailure } from '../../helpers/failures';

const ann = { username: 'ann', password: PASSWORD };

/** A schema that no library has made. */
const schemaOf = <Output>(
  validate: (value: unknown) => StandardSchemaResult<Output> | Promise<StandardSchemaResult<Output>>,
): StandardSchemaV1<unknown, Output> => ({ '~standard': { version: 1, vendor: 'by-hand', validate } });

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  jest.restoreAllMocks();
  for (const close of closing.splice(0)) await close();
});

/** An app whose `register.create` keeps users in memory, and what it got. */
function appWith<Fields>(schema: StandardSchemaV1<unknown, Fields> | undefined) {
  const users = new MemoryUserStore();
  const created: { username: string; fields: unknown }[] = [];
  const hash = jest.spyOn(PasswordHasher.prototype, 'hash');
  const register: RegistrationOptions = {
    ...(schema && { schema }),
    async create(user, fields) {
      const stored = await users.create(user);
      created.push({ username: stored.username, fields });
      return stored;
    },
  };
  const testApp = createTestApp({ users, register, limits: { register: false } }, (app, auth) => {
    app.post('/sign-up', auth.register({ redirectTo: '/welcome' }));
    app.use(auth.errorHandler);
  });
  closing.push(() => testApp.auth.close());
  const post = (more: object, language = 'en') =>
    testApp
      .client()
      .post('/auth/register')
      .set('Accept-Language', language)
      .send({ ...ann, ...more });
  return { ...testApp, users, created, hash, post };
}

const profile = { name: 'Ann', address: { city: 'Seoul', zip: '04524' } };
const SCHEMAS: [string, StandardSchemaV1<unknown, unknown>][] = [
  ['zod', z.object({ name: z.string().trim(), address: z.object({ city: z.string(), zip: z.string() }) })],
  [
    'valibot',
    v.object({
      name: v.pipe(v.string(), v.trim()),
      address: v.object({ city: v.string(), zip: v.string() }),
    }),
  ],
  [
    'a schema by hand, async',
    schemaOf(async (value) => {
      const { name, address } = value as typeof profile;
      if (typeof name !== 'string') return { issues: [{ message: 'Wrong', path: [{ key: 'name' }] }] };
      if (typeof address?.zip !== 'string')
        return Promise.resolve({ issues: [{ message: 'Wrong', path: ['address', { key: 'zip' }] }] });
      return { value: { name: name.trim(), address } };
    }),
  ],
];

describe.each(SCHEMAS)('with %s', (_library, schema) => {
  test('the output of the schema reaches register.create, and the user can log in', async () => {
    const { created, post, client } = appWith(schema);
    const response = await post({ ...profile, name: ' Ann ' });
    expect([response.status, response.body.user]).toEqual([
      201,
      { id: expect.any(String) as string, username: 'ann', roles: [] },
    ]);
    expect(created).toEqual([{ username: 'ann', fields: profile }]);
    expect((await client().post('/auth/login').send(ann)).status).toBe(200);
  });

  test('a wrong field is named with its path, and nothing is hashed or created', async () => {
    const { created, hash, post } = appWith(schema);
    expectFailure(await post({ ...profile, address: { city: 'Seoul', zip: 4524 } }), 'VALIDATION_FAILED', [
      'address.zip',
    ]);
    expectFailure(await post({ address: profile.address }), 'VALIDATION_FAILED', ['name']);
    expect([hash.mock.calls, created]).toEqual([[], []]);
  });

  test('a member that the output lacks is refused by name', async () => {
    const { created, hash, post } = appWith(schema);
    const response = await post({ ...profile, roles: ['admin'], constructor: 1 });
    expectFailure(response, 'VALIDATION_FAILED', ['roles', 'constructor']);
    expect([hash.mock.calls, created]).toEqual([[], []]);
    expect((await post(profile)).status).toBe(201);
  });

  test('the form handler takes the same fields, and leaves those of the form alone', async () => {
    const { created, app } = appWith(
      schemaOf<unknown>((value) => schema['~standard'].validate({ ...profile, ...(value as object) })),
    );
    const form = { ...ann, name: 'Ann', _csrf: 'x', returnTo: '/', action: 'register' };
    const response = await request(app).post('/sign-up').type('form').send(form);
    expect([response.status, response.headers['location']]).toEqual([303, '/welcome']);
    expect(created).toEqual([{ username: 'ann', fields: profile }]);
    const { name: _name, ...rest } = form;
    expect(
      (
        await request(app)
          .post('/sign-up')
          .type('form')
          .send({ ...rest, username: 'bob' })
      ).status,
    ).toBe(303);
  });
});

test('the schema gets all but username, password and, of a form, what belongs to the form', async () => {
  const seen: unknown[] = [];
  const { app, post } = appWith(
    schemaOf((value) => {
      seen.push(value);
      return { value: undefined };
    }),
  );
  expectFailure(await post({ _csrf: 1, returnTo: '/', name: 'Ann' }), 'VALIDATION_FAILED', [
    ...['_csrf', 'returnTo', 'name'],
  ]);
  const form = { ...ann, _csrf: '1', returnTo: '/', name: 'Ann' };
  expect((await request(app).post('/sign-up').type('form').send(form)).status).toBe(303);
  expect(seen).toEqual([{ _csrf: 1, returnTo: '/', name: 'Ann' }, { name: 'Ann' }]);
});

test('one answer names what is wrong with our fields and with those of the app, whose messages stay as they are', async () => {
  const { post } = appWith(z.object({ age: z.number('나이를 적으세요') }));
  const response = await post({ password: 'short', age: 'x' }, 'ko');
  expect(response.body.errors).toEqual([
    { path: 'password', message: '8자 이상이어야 합니다.' },
    { path: 'age', message: '나이를 적으세요' },
  ]);
});

test('a message that looks like one of our rules is sent as it is', async () => {
  const message = '{"key":"required","params":{}}';
  const { post } = appWith(schemaOf(() => ({ issues: [{ message }, { message: 'second' }] })));
  expect((await post({})).body.errors).toEqual([{ path: 'body', message }]);
});

test('a schema that refuses without a reason refuses', async () => {
  const { created, post } = appWith(schemaOf(() => ({ issues: [] })));
  expectFailure(await post({}), 'VALIDATION_FAILED', ['body']);
  expect(created).toEqual([]);
});

test('of thousands of issues the answer names twenty, and a name from outside is cut', async () => {
  const { post } = appWith(z.record(z.string(), z.array(z.string())));
  const response = await post({ list: Array.from({ length: 3000 }, () => 1) });
  expect(response.body.errors).toHaveLength(20);
  expect(response.body.errors[19]).toMatchObject({ path: 'list.19' });
  expect((await post({ [`x\n${'y'.repeat(900)}`]: 1 })).body.errors[0].path).toBe(
    `x\\u{a}${'y'.repeat(194)}`,
  );
});

test.each(['{"__proto__": {"roles": ["admin"]}}', '{"constructor": {"prototype": 1}}'])(
  'with a schema that lets everything pass, %s changes no prototype',
  async (members) => {
    const { created, client } = appWith(
      schemaOf((value) => ({ value: Object.assign({}, value as Record<string, unknown>) })),
    );
    const body = JSON.stringify(ann).replace('}', `,${members.slice(1)}`);
    const response = await client().post('/auth/register').type('json').send(body);
    expect(response.status).toBe(members.includes('__proto__') ? 400 : 201);
    expect(({} as { roles?: unknown }).roles).toBeUndefined();
    for (const { fields } of created) expect(Object.getPrototypeOf(fields)).toBe(Object.prototype);
  },
);

test('a form field cannot pass for the output of the schema', async () => {
  const { app, created } = appWith(undefined);
  const form = { ...ann, fields: 'x', 'Symbol(fields of a registration)': 'x' };
  expect((await request(app).post('/sign-up').type('form').send(form)).status).toBe(303);
  expect(created).toEqual([{ username: 'ann', fields: undefined }]);
});

describe('a schema that fails', () => {
  const broken: [string, StandardSchemaV1<unknown, unknown>, RegExp][] = [
    [
      'throws',
      schemaOf(() => {
        throw new Error('the schema is broken');
      }),
      /the schema is broken/,
    ],
    ['rejects', schemaOf(() => Promise.reject(new Error('the schema is broken'))), /the schema is broken/],
    ['returns nothing', schemaOf(() => undefined as never), /register\.schema returned no result/],
  ];
  test.each(broken)('%s: the error goes to the app, and no user exists', async (_how, schema, message) => {
    const { created, hash, post, unforeseen } = appWith(schema);
    expect((await post({})).body).toEqual({ code: 'APP_ERROR' });
    expect(String(unforeseen[0])).toMatch(message);
    expect([hash.mock.calls, created]).toEqual([[], []]);
  });

  test('an AuthError that it throws is answered', async () => {
    const { post } = appWith(schemaOf(() => Promise.reject(new AuthError('SERVICE_UNAVAILABLE'))));
    expectFailure(await post({}), 'SERVICE_UNAVAILABLE');
  });

  test('one that never answers is an outage after its time, and not before', async () => {
    const never = schemaOf(() => new Promise<never>(() => undefined));
    const late = schemaOf(
      () => new Promise<{ value: object }>((resolve) => setTimeout(() => resolve({ value: {} }), 20)),
    );
    const statusOf = async (schema: StandardSchemaV1, timeoutMs: number) => {
      const app = express().use(express.json());
      const validate = validateRegistration(z.strictObject({}), schema, { unknown: 'refuse', timeoutMs });
      app.post('/', validate, (_req, res) => void res.sendStatus(200));
      app.use(((error: AuthError, _req, res, _next) => {
        res.status(error.status).json({ cause: String(error.cause) });
      }) satisfies express.ErrorRequestHandler);
      const { status, body } = await request(app).post('/').send({});
      return [status, body as unknown];
    };
    expect(await statusOf(never, 30)).toEqual([
      503,
      { cause: 'Error: register.schema did not answer within 30 ms' },
    ]);
    expect((await statusOf(late, 60_000))[0]).toBe(200);
  });
});

describe('register.create', () => {
  const created = (create: NonNullable<RegistrationOptions['create']>) => {
    const failed: unknown[] = [];
    const testApp = createTestApp({ register: { create } });
    testApp.auth.events.on('registerFailed', (event) => failed.push(event.code));
    closing.push(() => testApp.auth.close());
    const post = (more: object = {}) =>
      testApp
        .client()
        .post('/auth/register')
        .send({ ...ann, ...more });
    return { ...testApp, failed, post };
  };

  test('without a schema gets no fields, and further members are refused', async () => {
    const create = jest.fn((user: { username: string }) =>
      Promise.resolve({ id: 7 as unknown as string, passwordHash: null, roles: ['new'], ...user }),
    );
    const { post } = created(create);
    expect((await post()).body.user).toEqual({ id: '7', username: 'ann', roles: ['new'] });
    expect(create).toHaveBeenCalledWith(
      { username: 'ann', passwordHash: expect.stringMatching(/^\$2b/) as string },
      undefined,
    );
    expectFailure(await post({ name: 'Ann' }), 'VALIDATION_FAILED', ['name']);
  });

  test('throws a UsernameTakenError for 409, with the event', async () => {
    const { failed, post } = created(() => Promise.reject(new UsernameTakenError()));
    expectFailure(await post(), 'USERNAME_TAKEN');
    expect(failed).toEqual(['USERNAME_TAKEN']);
  });

  test('throws anything else to the error handler of the app', async () => {
    const { failed, post, unforeseen } = created(() => Promise.reject(new Error('no room')));
    expect((await post()).status).toBe(500);
    expect([String(unforeseen[0]), failed]).toEqual(['Error: no room', []]);
  });

  test('that returns no user is a TypeError that names it', async () => {
    const { post, unforeseen } = created(() => Promise.resolve(undefined as never));
    expect((await post()).status).toBe(500);
    expect(String(unforeseen[0])).toMatch(/^TypeError: register\.create\(\) returned undefined/);
  });
});

test('a user store that says takesFields gets the fields, and without a schema none', async () => {
  const seen: unknown[][] = [];
  class AppUsers extends MemoryUserStore {
    readonly takesFields = true;
    override create(...[user, ...fields]: [Parameters<MemoryUserStore['create']>[0], fields?: unknown]) {
      seen.push(fields);
      return super.create(user);
    }
  }
  const schema = z.object({ name: z.string() });
  for (const register of [{ schema }, true]) {
    const testApp = createTestApp({ users: new AppUsers(), register });
    closing.push(() => testApp.auth.close());
    const more = register === true ? {} : { name: 'Ann' };
    await testApp
      .client()
      .post('/auth/register')
      .send({ ...ann, ...more })
      .expect(201);
  }
  expect(seen).toEqual([[{ name: 'Ann' }], []]);
});

test('the stores of this package refuse fields', async () => {
  const create = new MemoryUserStore().create.bind(new MemoryUserStore()) as (...args: unknown[]) => unknown;
  await expect(create({ username: 'ann', passwordHash: null }, { name: 'Ann' })).rejects.toThrow(
    /users\.create\(\): this store can't keep fields/,
  );
});

describe('types', () => {
  test('fields of register.create have the type of the output', () => {
    const users = new MemoryUserStore();
    const options = optionsWith({ users });
    const auth = createAuth({
      ...options,
      register: {
        schema: z.object({ age: z.string().transform(Number) }),
        create(user, fields) {
          const age: number = fields.age;
          // @ts-expect-error -- the output has no such member
          const name: unknown = fields.name;
          return users.create({ ...user, roles: [String(age), String(name)] });
        },
      },
    });
    const byValibot = createAuth({
      ...options,
      register: {
        schema: v.object({ age: v.number() }),
        create: (user, { age }) => users.create({ ...user, roles: [age.toFixed()] }),
      },
    });
    // Options that are written apart need not name the type.
    const apart: AuthOptions = { ...options, register: { create: (user) => users.create(user) } };
    closing.push(...[auth, byValibot, createAuth(apart)].map((each) => () => each.close()));
    expect(auth.router).toBeDefined();
  });
});

describe('the description of POST /register', () => {
  const described = (schema: StandardSchemaV1<unknown, unknown>) =>
    (appWith(schema).auth.openapi().components.schemas as Record<string, Record<string, unknown>>)[
      'AuthRegisterRequest'
    ];

  test('has the members of a schema of zod, and allows no others', () => {
    const schema = z.object({ name: z.string(), age: z.int().optional(), username: z.number() });
    expect(described(schema)).toMatchObject({
      type: 'object',
      properties: { username: { type: 'string' }, name: { type: 'string' }, age: { type: 'integer' } },
      required: ['username', 'password', 'name'],
      additionalProperties: false,
    });
  });

  test('allows any others where the schema does, where it describes nothing, and where it refers to definitions', () => {
    const tree = z.object({
      name: z.string(),
      get child(): z.ZodOptional<z.ZodType> {
        return tree.optional();
      },
    });
    for (const schema of [
      z.looseObject({ name: z.string() }),
      v.object({ name: v.string() }),
      schemaOf(() => ({ value: {} })),
      z.object({ tree }),
    ])
      expect(described(schema)).toMatchObject({
        required: expect.arrayContaining(['username', 'password']) as string[],
        additionalProperties: true,
      });
  });
});
