// The kind of Node backend that the server replaces: Express, Mongoose and Socket.IO, as small as the benchmark needs.
// Started as `node durable.js PORT MONGO_URL`. It stores a message before it acknowledges it, as durably as MongoDB
// does.
import { createServer } from "node:http";
import bcrypt from "bcryptjs";
import express from "express";
import jwt from "jsonwebtoken";
import mongoose from "mongoose";
import { Server } from "socket.io";

const [port, url] = process.argv.slice(2);
const secret = "a secret of the benchmark, long enough to sign with";

const { ObjectId } = mongoose.Schema.Types;
const users = { username: { type: String, unique: true }, email: String, password: String };
const User = mongoose.model("User", new mongoose.Schema(users));
const rooms = { name: String, createdBy: ObjectId, participants: [ObjectId] };
const Room = mongoose.model("Room", new mongoose.Schema(rooms));
const messages = new mongoose.Schema({
  room: ObjectId,
  sender: ObjectId,
  senderName: String,
  content: String,
  timestamp: Date,
});
messages.index({ room: 1, timestamp: 1 });
const Message = mongoose.model("Message", messages);

await mongoose.connect(url, { writeConcern: { w: "majority", journal: true } });
await Promise.all([User.init(), Room.init(), Message.init()]);

const app = express();
app.use(express.json());

const verify = (token) => jwt.verify(token, secret);
const bearer = (request, response, next) => {
  try {
    request.user = verify(request.headers.authorization.slice(7));
    next();
  } catch {
    response.status(401).json({ message: "unauthorized" });
  }
};

app.get("/health", (_, response) => response.json({ status: "ok" }));
app.post("/api/auth/signup", async (request, response) => {
  const { username, email, password } = request.body;
  const user = await User.create({ username, email, password: await bcrypt.hash(password, 4) });
  const token = jwt.sign({ userId: user.id, username }, secret, { expiresIn: "7d" });
  response.status(201).json({ token, user: { id: user.id } });
});
app.post("/api/rooms", bearer, async (request, response) => {
  const room = await Room.create({ name: request.body.name, createdBy: request.user.userId, participants: [] });
  response.status(201).json({ id: room.id });
});

const http = createServer(app);
const io = new Server(http);
io.use((socket, next) => {
  try {
    socket.data.user = verify(socket.handshake.auth.token);
    next();
  } catch {
    next(new Error("Authentication error"));
  }
});
io.on("connection", (socket) => {
  const { userId, username } = socket.data.user;
  socket.emit("session", { userId, username });
  socket.on("join-room", async ({ roomId }, ack) => {
    await Room.updateOne({ _id: roomId }, { $addToSet: { participants: userId } });
    socket.join(roomId);
    socket.to(roomId).emit("user-joined", { roomId, userId, username });
    ack({ ok: true });
  });
  socket.on("send-message", async ({ roomId, content }, ack) => {
    const timestamp = new Date();
    const message = await Message.create({ room: roomId, sender: userId, senderName: username, content, timestamp });
    io.to(roomId).emit("new-message", message);
    ack({ ok: true, message });
  });
});
http.listen(Number(port), "127.0.0.1");
