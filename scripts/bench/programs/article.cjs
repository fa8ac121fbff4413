// The server of the article that asked for all this: nothing but Hello World!, on Node.
require("node:http")
  .createServer((request, response) => {
    response.end("Hello World!");
  })
  .listen(Number(process.argv[2]), "127.0.0.1");
