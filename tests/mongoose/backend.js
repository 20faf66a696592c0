// A backend as the one that Tincan replaces: Express's Mongoose models, without the web.
// `node backend.js URL COMMAND [JSON]` prints JSON.
import bcrypt from "bcryptjs";
import jwt from "jsonwebtoken";
import mongoose from "mongoose";

const { Schema, Types } = mongoose;

const User = mongoose.model("User", new Schema({
  username: { type: String, required: true, unique: true, trim: true },
  email: { type: String, required: true, unique: true },
  password: { type: String, required: true },
  createdAt: { type: Date, default: Date.now },
}));

const Room = mongoose.model("Room", new Schema({
  name: { type: String, required: true },
  description: { type: String, default: "" },
  createdBy: { type: Schema.Types.ObjectId, ref: "User" },
  participants: [{ type: Schema.Types.ObjectId, ref: "User" }],
  createdAt: { type: Date, default: Date.now },
}));

const Message = mongoose.model("Message", new Schema({
  room: { type: Schema.Types.ObjectId, ref: "Room", required: true },
  sender: { type: Schema.Types.ObjectId, ref: "User", required: true },
  senderName: { type: String, required: true },
  content: { type: String, required: true },
  timestamp: { type: Date, default: Date.now },
}));

const minute = (number) => new Date(Date.UTC(2024, 0, 1) + number * 60_000);

async function account(username, email, password, prefix = "2a") {
  const hash = (await bcrypt.hash(password, 4)).replace(/^\$2[ab]\$/, `$${prefix}$`);
  return User.create({ username, email, password: hash });
}

/** Everything a database of some years may hold. */
async function fill() {
  const ann = await account("Ann", "Ann@Example.com", "ann's password");
  const bigBob = await account("Bob", "bob@example.com", "big bob's password", "2b");
  const bob = await account("bob", "bob2@example.com", "small bob's password");
  const people = [ann, bigBob];
  const lounge = await Room.create({ name: "Lounge", createdBy: ann, participants: people, createdAt: minute(1) });
  const other = await Room.create({ name: "lounge", description: "the other", createdBy: bob, createdAt: minute(2) });
  const say = (room, sender, content, when) => {
    return { room, sender, senderName: sender.username, content, timestamp: minute(when) };
  };
  // Written in another order than they were said in; three at the same moment, which their ids put in order.
  await Message.create(say(lounge, bigBob, "fifth", 9));
  await Message.create(say(lounge, ann, "first", 1));
  for (const text of ["second", "third", "fourth"]) await Message.create(say(lounge, ann, text, 5));
  await Message.create(say(other, bob, "alone", 3));
  // Orphans: of a room that is gone, and by a user who is gone.
  const [nowhere, nobody] = [new Types.ObjectId(), new Types.ObjectId()];
  await Message.create({ room: nowhere, sender: ann, senderName: "Ann", content: "lost", timestamp: minute(4) });
  const orphan = { room: other, sender: nobody, senderName: "gone", content: "from nobody", timestamp: minute(4) };
  await Message.create(orphan);
  return { ann: ann.id, bigBob: bigBob.id, bob: bob.id, lounge: lounge.id, other: other.id };
}

/** `rooms` rooms with `messages` messages each, in the order of time. */
async function many({ rooms, messages }) {
  const ann = await account("Ann", "ann@example.com", "ann's password");
  for (let number = 0; number < rooms; number += 1) {
    const room = await Room.create({ name: `Room ${number}`, createdBy: ann });
    const said = Array.from({ length: messages }, (_, place) => (
      { room: room._id, sender: ann._id, senderName: "Ann", content: `${place + 1}`, timestamp: minute(place), __v: 0 }
    ));
    await Message.insertMany(said, { lean: true });
  }
  return {};
}

/** What this backend does while Tincan runs beside it, or after it. */
async function goOn({ room, sender }) {
  const carl = await account("Carl", "carl@example.com", "carl's password");
  const cellar = await Room.create({ name: "Cellar", createdBy: carl, participants: [carl] });
  const ids = [];
  for (const content of ["from Node", "from Node again"]) {
    const message = await Message.create({ room, sender, senderName: "Ann", content });
    ids.push(message.id);
  }
  await Message.create({ room: cellar, sender: carl, senderName: "Carl", content: "down here" });
  await Room.updateOne({ _id: room }, { $addToSet: { participants: carl._id } });
  return { carl: carl.id, cellar: cellar.id, ids };
}

/** All of it as this backend reads it; a value that is not of its type would fail. */
async function read() {
  const [users, rooms, messages] = await Promise.all([User, Room, Message].map((model) => model.find().sort("_id")));
  for (const document of [...users, ...rooms, ...messages]) await document.validate();
  return { users, rooms, messages };
}

const commands = {
  fill,
  many,
  goOn,
  read,
  login: async ({ email, password }) => {
    const user = await User.findOne({ email });
    return { ok: user !== null && await bcrypt.compare(password, user.password) };
  },
  token: async ({ userId, username, secret }) => {
    return { token: jwt.sign({ userId, username }, secret, { expiresIn: "7d" }) };
  },
};

const [url, command, argument] = process.argv.slice(2);
await mongoose.connect(url);
await Promise.all([User.init(), Room.init(), Message.init()]);
console.log(JSON.stringify(await commands[command](JSON.parse(argument ?? "{}"))));
await mongoose.disconnect();
