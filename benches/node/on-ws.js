// The peers' chat as most people run it: Node, Express, Socket.IO on `ws`. Started as `node on-ws.js PORT`.
import { createServer } from "node:http";
import express from "express";
import { Server } from "socket.io";
import { chat, port } from "./chat.js";

const app = express();
app.get("/health", (_, response) => response.json({ status: "ok" }));
const http = createServer(app);
chat(new Server(http));
http.listen(port, "127.0.0.1");
