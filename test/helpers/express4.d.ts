/** Express 4 has no types of its own; what the tests use of it is as in Express 5. */
declare module 'express4' {
  export { default } from 'express';
}
