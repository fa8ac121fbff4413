import { ADMIN_LISTEN } from "../admin-kinds.ts";
import { setting } from "./setting.ts";

/** Where whoever runs the process asks and tells it things. */
export const ADMIN = {
  admin: setting({
    kind: ADMIN_LISTEN,
    doc: "Address of the admin listener, or off; the environment's GATEKEEPER_ADMIN comes second",
    default: "127.0.0.1:2019",
    status: "effective",
    flag: { group: "Process" },
  }),
};
