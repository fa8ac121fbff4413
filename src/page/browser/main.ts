import { Actions } from "./actions.ts";
import { LiveStream } from "./live-stream.ts";
import { Token } from "./token.ts";
import { View } from "./view.ts";

const token = new Token();

async function askForToken(): Promise<void> {
  if (await token.ask()) stream.connect();
}

const actions = new Actions(token, () => stream.connect());
const view = new View(actions, () => void askForToken());

const stream = new LiveStream({
  token: () => token.value,
  onConnection: (connection) => view.setConnection(connection),
  onHistory: (history) => view.addTicks(history),
  onTick: (tick) => view.addTicks({ ticks: [tick] }),
  onState: (state) => {
    view.setState(state);
    const isRight = token.judge(state.mayWrite);
    if (isRight === undefined) return;
    actions.say({ isDone: isRight, text: isRight ? "The token is the right one." : "The token is not the right one." });
  },
});

stream.start();
