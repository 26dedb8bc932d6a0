// Listen on the unix socket named by the first argument (a name that starts with "@" is abstract) and greet.
import net from "node:net";

const name = process.argv[2];
net
  .createServer((connection) => connection.end("hello\n"))
  .listen(name.startsWith("@") ? "\0" + name.slice(1) : name, () => console.log("ready"));
