export { createSecondFactorClient } from './create-second-factor-client.js';
export type {
  Factor,
  Factors,
  SecondFactorClient,
  SecondStep,
  TotpConfirmation,
  TotpEnrolment,
  TrustedDevice,
} from './second-factor-client.js';
export { stepUp } from './step-up.js';
export type { AskForProof, Proof, ProofQuestion } from './step-up.js';
