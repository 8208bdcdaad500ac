// Tells whether a request comes from this machine: not through a proxy, and not to a host name that a web site has made up.

const LOOPBACK_ADDRESS = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/;
const LOOPBACK_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i;

/** @param {import('express').Request} req */
export function isLoopback({ headers, socket }) {
  // A proxy on this machine forwards requests from elsewhere. And a web site can let its own name lead to 127.0.0.1.
  const isForwarded = headers['forwarded'] ?? headers['x-forwarded-for'] ?? headers['via'];
  return (
    LOOPBACK_ADDRESS.test(socket.remoteAddress ?? '') &&
    LOOPBACK_HOST.test(headers.host ?? '') &&
    isForwarded === undefined
  );
}
