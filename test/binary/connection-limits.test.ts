import { expect, setDefaultTimeout, test } from "bun:test";
import { listeningAt, startBinary } from "../helpers/binary.ts";
import { type RawAnswer, RawClient } from "../helpers/raw-client.ts";
import { startStreamsOrigin, until } from "../helpers/streams.ts";

// The executable is built first.
setDefaultTimeout(30_000);

test("several workers share max_connections, so that it holds for all of them together", async () => {
  await using origin = startStreamsOrigin("o");
  const args = ["--bind", "127.0.0.1:0", "--upstream", `127.0.0.1:${origin.port}`];
  await using run = await startBinary([...args, "--threads", "2", "--max-connections", "4"]);
  const { port } = await listeningAt(run);
  await using clients = new AsyncDisposableStack();
  const refusals: RawAnswer[] = [];
  const answers: Promise<RawAnswer>[] = [];
  const COUNT = 24;
  for (let i = 0; i < COUNT; i++) {
    const client = clients.use(await RawClient.connect(port));
    client.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    const answer = client.answer();
    void answer.then((each) => each.status === 503 && refusals.push(each));
    answers.push(answer);
  }
  await until(() => refusals.length >= COUNT - 4, "refusals of all but those that there is place for");
  await origin.waiting(2);
  for (const { head } of refusals) expect(head.text).toContain("error=connection_limit_reached");
  origin.release();
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  // The kernel may have given all of them to one worker, which has half of the places.
  expect(statuses.filter((status) => status === 200).length).toBeWithin(2, 5);
  expect(statuses.filter((status) => status === 503).length).toBeWithin(COUNT - 4, COUNT - 1);
  expect(run.stderr()).toContain("max_connections is reached");
});
