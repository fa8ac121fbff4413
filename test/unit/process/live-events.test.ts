import { expect, test } from "bun:test";
import { EventReader } from "../../../src/process/live-events.ts";
import { tick } from "../../helpers/live.ts";

test("events are read however they are cut", () => {
  const events = [
    { name: "history", data: { ticks: [tick()] } },
    { name: "tick", data: tick({ requests: 1 }) },
    { name: "exchanges", data: { exchanges: [], untold: 3 } },
  ] as const;
  const text = [
    "retry: 1000\n\n",
    ":\n\n",
    ...events.map(({ name, data }) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`),
  ].join("");
  for (const size of [1, 7, 50, text.length]) {
    const reader = new EventReader();
    const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
      text.slice(at * size, (at + 1) * size),
    );
    expect(pieces.flatMap((piece) => [...reader.take(piece)])).toEqual([...events]);
  }
});
