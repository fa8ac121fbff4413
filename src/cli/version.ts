import manifest from "../../package.json" with { type: "json" };

// The build puts them in; a run from source has neither.
declare const GATEKEEPER_VERSION: string | undefined;
declare const GATEKEEPER_COMMIT: string | undefined;

/** `0.2.0`. */
export function version(): string {
  return typeof GATEKEEPER_VERSION === "string" ? GATEKEEPER_VERSION : manifest.version;
}

/** `gatekeeper 0.2.0 (abc123) bun 1.4.5`. The commit is `dev` when run from source. */
export function versionText(): string {
  const commit = typeof GATEKEEPER_COMMIT === "string" ? GATEKEEPER_COMMIT : "dev";
  return `gatekeeper ${version()} (${commit}) bun ${Bun.version}`;
}
