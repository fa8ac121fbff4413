import { describe, expect, test } from "bun:test";
import { SETTING_NAMES, settingOf } from "../../../src/config/settings/table.ts";
import { meantSetting, OLDER_SPELLINGS } from "../../../src/config/settings/words.ts";

describe("the table of settings", () => {
  test.each([...SETTING_NAMES])("%s has a doc of one line, and a default that it would take", (name) => {
    const { doc, default: standard, kind } = settingOf(name);
    expect(doc).toMatch(/^[^\n]{5,120}$/);
    expect(doc.endsWith(".")).toBe(false);
    if (standard !== undefined) expect(kind.parse(standard).ok).toBe(true);
  });

  test("every key of Pingora's is there", () => {
    const pingora = [
      ...["version", "threads", "daemon", "pid_file", "error_log", "user", "group", "working_directory"],
      ...["upgrade_sock", "ca_file", "upstream_keepalive_pool_size", "max_retries", "grace_period_seconds"],
      ...["graceful_shutdown_timeout_seconds", "client_bind_to_ipv4", "client_bind_to_ipv6", "daemon_wait_for_ready"],
      ...["daemon_ready_timeout_seconds", "daemon_notify_timeout_seconds", "listener_tasks_per_fd", "work_stealing"],
      ...["upstream_connect_offload_threadpools", "upstream_connect_offload_thread_per_pool"],
      ...["upstream_debug_ssl_keylog", "max_blocking_threads", "blocking_threads_ttl_seconds"],
      ...["s2n_config_cache_size", "upgrade_sock_connect_accept_max_retries"],
    ];
    for (const key of pingora) expect(SETTING_NAMES as readonly string[]).toContain(key);
  });
});

describe("meantSetting", () => {
  test.each([
    ["bind", "bind"],
    ["hc-freq", "hc_freq"],
    ["HC_FREQ", "hc_freq"],
    ["upstraem", "upstream"],
    ["listen", "bind"],
    ["lisen", "bind"],
    ["workers", "threads"],
  ])("%s is %s", (word, name) => {
    expect(meantSetting(word) as string | undefined).toBe(name);
  });

  test("an older spelling of a flag is that flag's", () => {
    for (const [older, name] of OLDER_SPELLINGS) expect(meantSetting(older)).toBe(name);
  });

  test("nothing near is nothing", () => {
    expect(meantSetting("frobnicate")).toBeUndefined();
  });
});
