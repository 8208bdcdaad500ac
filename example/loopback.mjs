// Tells whether a request comes from this very machine, by no proxy and by no name that someone else has given it.

const LOOPBACK_ADDRESS = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/;
const LOOPBACK_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i;

/** @param {import('express').Request} req */
export function isLoopback({ headers, socket }) {
  // A proxy on this machine forwards the requests of others. And a web site whose name leads to 127.0.0.1 is of another origin.
  const isForwarded = headers['forwarded'] ?? headers['x-forwarded-for'] ?? headers['via'];
  return (
    LOOPBACK_ADDRESS.test(socket.remoteAddress ?? '') &&
    LOOPBACK_HOST.test(headers.host ?? '') &&
    isForwarded === undefined
  );
}
