// Loaded before a program's own code, by `node --require`. CALL_TIMES in the environment says how long its stores wait.
const { CALL_TIMES } = require('../../../dist/stores/call-times.js');

Object.assign(CALL_TIMES, JSON.parse(process.env.CALL_TIMES ?? '{}'));
