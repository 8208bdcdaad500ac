/** The package express4 has no types. What the tests use of it is the same in Express 5. */
declare module 'express4' {
  export { default } from 'express';
}
