// The chat of the peers: who has a good token comes in, joins rooms, and signals to a room or to a socket, as with an
// ordinary backend on Socket.IO. Nothing is stored.
import jwt from "jsonwebtoken";

export const port = Number(process.argv[2]);
const secret = "a secret of the benchmark, long enough to sign with";

export function chat(io) {
  io.use((socket, next) => {
    try {
      socket.data.user = jwt.verify(socket.handshake.auth.token, secret);
      next();
    } catch {
      next(new Error("Authentication error"));
    }
  });
  io.on("connection", (socket) => {
    const { userId, username } = socket.data.user;
    socket.emit("session", { socketId: socket.id, userId, username });
    socket.on("join-room", ({ roomId }, ack) => {
      socket.join(roomId);
      socket.to(roomId).emit("user-joined", { roomId, userId, username, socketId: socket.id });
      ack({ ok: true });
    });
    socket.on("webrtc-ice-candidate", ({ to, roomId, candidate }) => {
      const from = { from: userId, fromSocketId: socket.id, fromUsername: username };
      socket.to(to ?? roomId).emit("webrtc-ice-candidate", { ...from, roomId, candidate });
    });
  });
}
