/**
 * Devices, and a peer connection that keeps the rules of negotiation and connects when both sides have described
 * themselves.
 */

import { settle } from './fakes.js';

let count = 0;

class FakeSender {
  constructor(track) {
    this.track = track;
    this.parameters = { encodings: [{}] };
  }
  async replaceTrack(track) {
    this.track = track;
  }
  getParameters() {
    return structuredClone(this.parameters);
  }
  async setParameters(parameters) {
    this.parameters = parameters;
  }
}

export class FakePeerConnection {
  constructor() {
    this.name = `${++count}`;
    this.transceivers = [];
    this.signalingState = 'stable';
    this.connectionState = 'new';
    this.localDescription = null;
    this.remoteDescription = null;
    this.candidates = [];
    this.version = 0;
    this.iceRound = 0;
    this.closed = false;
  }

  addTransceiver(trackOrKind) {
    const kind = typeof trackOrKind === 'string' ? trackOrKind : trackOrKind.kind;
    const track = typeof trackOrKind === 'string' ? null : trackOrKind;
    const transceiver = { direction: 'sendrecv', sender: new FakeSender(track), receiver: { track: { kind } } };
    this.transceivers.push(transceiver);
    return transceiver;
  }

  getTransceivers() {
    return this.transceivers;
  }

  async getStats() {
    return new Map();
  }

  getReceivers() {
    return [];
  }

  sdp() {
    const sections = this.transceivers.map((one) => `m=${one.receiver.track.kind} 9\r\n`).join('');
    const origin = `o=- ${this.name} ${++this.version} IN IP4 0.0.0.0`;
    return `v=0\r\n${origin}\r\na=ice-ufrag:${this.name}r${this.iceRound}\r\n${sections}`;
  }

  async createOffer({ iceRestart } = {}) {
    if (this.closed) throw new Error('closed');
    if (iceRestart) this.iceRound += 1;
    return { type: 'offer', sdp: this.sdp() };
  }

  async createAnswer() {
    if (this.signalingState !== 'have-remote-offer') throw new Error(`answer in ${this.signalingState}`);
    return { type: 'answer', sdp: this.sdp() };
  }

  async setLocalDescription(description) {
    const from = description.type === 'offer' ? ['stable', 'have-local-offer'] : ['have-remote-offer'];
    if (!from.includes(this.signalingState)) throw new Error(`local ${description.type} in ${this.signalingState}`);
    this.localDescription = description;
    this.signalingState = description.type === 'offer' ? 'have-local-offer' : 'stable';
  }

  async setRemoteDescription(description) {
    // An offer in `have-local-offer` rolls the own one back.
    const from = description.type === 'offer' ? ['stable', 'have-local-offer'] : ['have-local-offer'];
    if (!from.includes(this.signalingState)) throw new Error(`remote ${description.type} in ${this.signalingState}`);
    this.remoteDescription = description;
    this.signalingState = description.type === 'offer' ? 'have-remote-offer' : 'stable';
    if (description.type !== 'offer') return;
    const kinds = [...description.sdp.matchAll(/^m=(\w+)/gm)].map((match) => match[1]);
    for (const kind of kinds.slice(this.transceivers.length)) this.addTransceiver(kind).direction = 'recvonly';
  }

  async addIceCandidate(candidate) {
    this.candidates.push(candidate);
  }

  become(state) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  close() {
    this.closed = true;
    this.signalingState = 'closed';
  }
}

/** Two sides that described each other are connected, as a network would make them. */
export async function connectAll(...peers) {
  await settle();
  for (const peer of peers) {
    const pc = peer.link?.pc;
    if (pc?.signalingState === 'stable' && pc.remoteDescription && pc.connectionState !== 'connected')
      pc.become('connected');
  }
  await settle();
}

export class FakeTrack extends EventTarget {
  constructor(kind) {
    super();
    this.kind = kind;
    this.enabled = true;
    this.stopped = false;
  }
  stop() {
    this.stopped = true;
  }
}

export function fakeDevices({ refuse = {}, available = true, secure = null } = {}) {
  return {
    available,
    canShare: true,
    made: [],
    refuse,
    async open({ audio, video }) {
      for (const [kind, wanted] of Object.entries({ audio, video })) {
        if (wanted && this.refuse[kind]) throw new DOMException('', this.refuse[kind]);
      }
      const tracks = [audio && new FakeTrack('audio'), video && new FakeTrack('video')].filter(Boolean);
      this.made.push(...tracks);
      return tracks;
    },
    async openScreen() {
      if (this.refuse.screen) throw new DOMException('', this.refuse.screen);
      return this.made[this.made.push(new FakeTrack('video')) - 1];
    },
    list: async () => [],
    onChange: () => {},
    securePage: async () => secure,
    connect: () => new FakePeerConnection(),
  };
}
