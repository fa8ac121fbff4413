import { upstreamsText } from "./describe.ts";
import type { HandlerConfig, ReverseProxyConfig } from "./model.ts";
import type { FieldEdits } from "./routes-model.ts";

/** What a handler does, in words that follow a route's name: `strips /api from the path`. */
export function handlerText(handler: HandlerConfig): string {
  switch (handler.type) {
    case "request_header":
      return `edits the request: ${editsText(handler.edits)}`;
    case "header":
      return `edits the answer: ${editsText(handler.edits)}${handler.deferred ? " (when it is there)" : ""}`;
    case "rewrite":
      return `rewrites the target to ${handler.to}`;
    case "strip_prefix":
      return `strips ${handler.prefix} from the start of the path`;
    case "strip_suffix":
      return `strips ${handler.suffix} from the end of the path`;
    case "replace":
      return `replaces "${handler.find}" by "${handler.with}" in the target`;
    case "replace_regexp":
      return `replaces what ${handler.regexp} finds in the path by "${handler.with}"`;
    case "max_request_body":
      return `takes bodies of up to ${handler.bytes} bytes`;
    case "encode":
      return `compresses the answer (${handler.formats.join(", ")})`;
    case "basic_auth":
      return `asks for a password (realm ${handler.realm})`;
    case "access_log":
      return handler.output.type === "off"
        ? "is not logged"
        : `logs to ${handler.output.type === "file" ? handler.output.path : handler.output.type} (${handler.format})`;
    case "respond":
      return `answers ${handler.status || "200"}${handler.body === "" ? "" : ` with a body of its own`}`;
    case "respond_file":
      return `answers ${handler.status || "200"} with ${handler.file.path}`;
    case "errors":
      return "has answers for failures from here on";
    case "copy_response":
      return "passes the upstream's answer on";
    case "copy_response_headers":
      return "takes fields from the upstream's answer";
    case "redirect":
      return `redirects to ${handler.to} (${handler.status})`;
    case "error":
      return `fails with ${handler.status}`;
    case "routes":
      return `has ${handler.routes.length === 1 ? "a route" : `${handler.routes.length} routes`} within`;
    case "proxy":
      return `forwards to ${upstreamsText(handler.proxy)}${responsesText(handler.proxy)}`;
    default:
      return handler satisfies never;
  }
}

function responsesText({ onResponse }: ReverseProxyConfig): string {
  if (onResponse.length === 0) return "";
  return `, with ${onResponse.length === 1 ? "a rule" : `${onResponse.length} rules`} for its answers`;
}

/** `sets X-A, removes Server`. */
export function editsText({ add, set, remove, replace, default: standard }: FieldEdits): string {
  const parts = [
    ["adds", add.map(({ field, value }) => `${field}: ${value}`)],
    ["sets", set.map(({ field, value }) => `${field}: ${value}`)],
    ["removes", remove],
    ["replaces in", replace.map(({ field }) => field)],
    ["sets where it is missing", standard.map(({ field, value }) => `${field}: ${value}`)],
  ] as const;
  return parts
    .filter(([, names]) => names.length > 0)
    .map(([verb, names]) => `${verb} ${names.join(", ")}`)
    .join("; ");
}
