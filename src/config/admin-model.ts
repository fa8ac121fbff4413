import type { ListenAddress } from "../core/address.ts";

/**
 * The listener for whoever runs the process: health, metrics, what is served by, commands. It stands beside the `Config`:
 * workers have no part in it, and never get its token.
 */
export interface AdminConfig {
  /** Undefined: there is none. Default 127.0.0.1:2019 (Caddy's). */
  readonly address: ListenAddress | undefined;
  /** Nobody asked for this address: another process that has it is nothing unusual. */
  readonly isDefault: boolean;
  /** What has to be shown to change anything (RFC 6750), but over a unix socket; undefined for none. */
  readonly token: string | undefined;
  /** Names that it is reached by beside its own (Caddy's `origins`). Default: none. */
  readonly origins: readonly AdminOrigin[];
}

export interface AdminOrigin {
  /** Undefined: either. */
  readonly scheme: "http" | "https" | undefined;
  /** As a Host field has it: in small letters, with its port where it has one. */
  readonly authority: string;
}
