import type { RequestFacts } from "../../../src/routing/request-facts.ts";

/** A request as matchers see it, with the groups of the last regular expression that matched. */
export interface TestFacts extends RequestFacts {
  readonly captured: (readonly [name: string | undefined, groups: readonly (string | undefined)[]])[];
}

/** `GET /` on plain HTTP, but for what is given. */
export function factsOf(given: Partial<RequestFacts> = {}): TestFacts {
  const captured: TestFacts["captured"] = [];
  return {
    method: "GET",
    hostname: "a.example",
    path: "/",
    query: "",
    headers: new Headers({ host: "a.example" }),
    secure: false,
    isUpgrade: false,
    remoteAddress: "192.0.2.1",
    clientAddress: "192.0.2.1",
    capture: (name, groups) => captured.push([name, Array.from(groups)]),
    captured,
    ...given,
  };
}
