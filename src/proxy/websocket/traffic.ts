/** What went over a WebSocket so far: whole messages, and their bytes as they were before they were compressed. */
export class Traffic {
  /** From the client, to the upstream; also what is kept for an upstream that is away. */
  messagesReceived = 0;
  bytesReceived = 0;
  /** From the upstream, to the client. */
  messagesSent = 0;
  bytesSent = 0;

  received(message: string | Buffer): void {
    this.messagesReceived++;
    this.bytesReceived += typeof message === "string" ? Buffer.byteLength(message) : message.length;
  }

  sent(payload: Buffer): void {
    this.messagesSent++;
    this.bytesSent += payload.length;
  }
}
