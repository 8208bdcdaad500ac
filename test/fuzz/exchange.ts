import { connect } from 'node:net';

export interface Answer {
  status: number;
  /** Names in lower case. */
  headers: [name: string, value: string][];
  body: string;
}

/**
 * Writes bytes to a server and reads its answer. Node's own client refuses to send most of what an attacker sends. The bytes must
 * ask for `Connection: close`.
 * @returns undefined when the server closed the connection without an answer
 */
export function exchange(port: number, bytes: Buffer, timeoutMs: number): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const chunks: Buffer[] = [];
    socket.setTimeout(timeoutMs, () => {
      socket.destroy();
      reject(new Error(`no answer within ${timeoutMs} ms: ${bytes.toString('latin1').slice(0, 2000)}`));
    });
    socket.on('data', (chunk) => chunks.push(chunk));
    // A server that has refused a request may reset the connection while we still write.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(parse(Buffer.concat(chunks).toString('latin1'))));
  });
}

/** Sends all or part of a request, and closes the connection. */
export function breakOff(port: number, bytes: Buffer, afterMs: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(bytes);
      setTimeout(() => socket.destroy(), afterMs);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
  });
}

function parse(text: string): Answer | undefined {
  if (text === '') return undefined;
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]);
  const body = text.slice(end + 4);
  if (status < 200) return parse(body);
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  // Anything after that answers bytes that the server took for a second request.
  const length = Number(new Map(headers).get('content-length') ?? Infinity);
  return { status, headers, body: Buffer.from(body.slice(0, length), 'latin1').toString() };
}

/** The values of a header. */
export function valuesOf({ headers }: Answer, name: string): string[] {
  return headers.flatMap(([each, value]) => (each === name ? [value] : []));
}
