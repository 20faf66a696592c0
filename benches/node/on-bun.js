// The peers' chat on Bun and its own engine for Socket.IO. Started as `bun on-bun.js PORT`.
import { Server as Engine } from "@socket.io/bun-engine";
import { Server } from "socket.io";
import { chat, port } from "./chat.js";

const io = new Server();
const engine = new Engine({ path: "/socket.io/" });
io.bind(engine);
chat(io);
const handler = engine.handler();
export default {
  ...handler,
  port,
  hostname: "127.0.0.1",
  fetch(request, server) {
    if (new URL(request.url).pathname === "/health") return Response.json({ status: "ok" });
    return handler.fetch(request, server);
  },
};
