/** What this client uses of the browser's passkeys, for compilers without the types of the DOM. Older browsers lack parts of it. */
export interface BrowserApi {
  readonly PublicKeyCredential?: {
    parseCreationOptionsFromJSON?(options: object): object;
    parseRequestOptionsFromJSON?(options: object): object;
    isConditionalMediationAvailable?(): Promise<boolean>;
    signalUnknownCredential?(unknown: { rpId: string; credentialId: string }): Promise<void>;
  };
  readonly navigator: {
    readonly credentials: {
      create(options: { publicKey?: object | undefined; signal: AbortSignal }): Promise<BrowserCredential>;
      get(options: {
        publicKey?: object | undefined;
        signal: AbortSignal;
        mediation?: 'conditional';
      }): Promise<BrowserCredential>;
    };
  };
}

export interface BrowserCredential {
  toJSON(): object;
}
