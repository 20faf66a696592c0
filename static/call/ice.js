/** The servers that help to find a path, fetched before they are needed and kept while they are valid. */

const RETRY_AFTER_MS = 10_000;

export class IceServers {
  /**
   * @param {Pick<import('../protocol/rest.js').Rest, 'iceServers'>} rest
   * @param {() => number} [now]
   */
  constructor(rest, now = Date.now) {
    this.rest = rest;
    this.now = now;
    /** @type {RTCIceServer[]} */
    this.servers = [];
    this.freshUntil = 0;
    /** @type {Promise<void> | null} */
    this.running = null;
  }

  /** Makes sure that they are at hand. Never fails: on one network a call works without them. */
  ready() {
    if (this.now() < this.freshUntil) return Promise.resolve();
    this.running ??= this.rest
      .iceServers()
      .then(({ iceServers, ttl }) => {
        this.servers = iceServers;
        // Credentials must outlive the beginning of a call.
        this.freshUntil = this.now() + ttl * 500;
      })
      .catch(() => {
        this.freshUntil = this.now() + RETRY_AFTER_MS;
      })
      .finally(() => {
        this.running = null;
      });
    return this.running;
  }

  /** @returns {RTCConfiguration} */
  get configuration() {
    return { iceServers: this.servers, bundlePolicy: 'max-bundle' };
  }
}
