import { Conversation } from "./conversation.ts";
import type { Load } from "./load.ts";

/** Conversations of text and bytes, small messages and large ones. */
export const webSockets: Load = {
  kind: "WebSockets",
  perSecond: 1,
  atOnce: 12,
  async run(stage) {
    using conversation = new Conversation(stage, stage.dice.between(50, 400));
    return await conversation.over();
  },
};
