import { readError, readRedir, readRespond } from "./directives/answers.ts";
import { readBasicAuth } from "./directives/basic-auth.ts";
import { readHandle, readRoute } from "./directives/blocks.ts";
import { readEncode } from "./directives/encode.ts";
import { readHandleErrors } from "./directives/handle-errors.ts";
import { readCopyResponse, readCopyResponseHeaders } from "./directives/handle-response.ts";
import { readHeader, readRequestHeader } from "./directives/header.ts";
import { readLogSkip } from "./directives/log.ts";
import { readRequestBody } from "./directives/request-body.ts";
import { readReverseProxy } from "./directives/reverse-proxy.ts";
import { readRewrite, readUri } from "./directives/target.ts";
import type { DirectiveReader } from "./scope.ts";

/** Every directive that makes a route, but `handle_path`, whose path is more than a matcher. */
export const DIRECTIVES: Readonly<Record<string, DirectiveReader>> = {
  log_skip: readLogSkip,
  skip_log: readLogSkip,
  header: readHeader,
  request_header: readRequestHeader,
  request_body: readRequestBody,
  redir: readRedir,
  rewrite: readRewrite,
  uri: readUri,
  basicauth: readBasicAuth,
  basic_auth: readBasicAuth,
  encode: readEncode,
  handle: readHandle,
  handle_errors: readHandleErrors,
  copy_response: readCopyResponse,
  copy_response_headers: readCopyResponseHeaders,
  route: readRoute,
  error: readError,
  respond: readRespond,
  reverse_proxy: readReverseProxy,
};
