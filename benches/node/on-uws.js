// The peers' chat on µWebSockets, under Node. Started as `node on-uws.js PORT`.
import { Server } from "socket.io";
import uws from "@trufflesuite/uws-js-unofficial";
import { chat, port } from "./chat.js";

const app = uws.App();
app.get("/health", (response) => response.end('{"status":"ok"}'));
const io = new Server();
io.attachApp(app);
chat(io);
app.listen("127.0.0.1", port, (listening) => {
  if (!listening) throw new Error(`port ${port} is taken`);
});
