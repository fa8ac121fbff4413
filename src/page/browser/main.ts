import { Actions } from "./actions.ts";
import { LiveStream } from "./live-stream.ts";
import { Token } from "./token.ts";
import { View } from "./view.ts";

const token = new Token();

async function askForToken(): Promise<void> {
  if (await token.ask()) stream.connect();
}

const view = new View(new Actions(token, () => stream.connect()), () => void askForToken());

const stream = new LiveStream({
  token: () => token.value,
  onConnection: (connection) => view.setConnection(connection),
  onHistory: (history) => view.addTicks(history),
  onTick: (tick) => view.addTicks({ ticks: [tick] }),
  onState: (state) => view.setState(state),
});

stream.start();
