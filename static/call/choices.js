/** Which devices there are, and which of them the user has chosen. */

/** @typedef {'audioinput' | 'videoinput' | 'audiooutput'} DeviceKind */

const CHOICES = 'devices';

export class Choices {
  /**
   * @param {object} options
   * @param {import('./devices.js').Devices} options.devices
   * @param {import('../state/storage.js').BrowserStorage} options.storage
   */
  constructor({ devices, storage }) {
    this.devices = devices;
    this.storage = storage;
    /** @type {MediaDeviceInfo[]} */
    this.list = [];
    /** @type {Partial<Record<DeviceKind, string>>} */
    this.chosen = storage.read(CHOICES) ?? {};
  }

  /** @param {DeviceKind} kind @param {string} deviceId */
  choose(kind, deviceId) {
    this.chosen = { ...this.chosen, [kind]: deviceId };
    this.storage.write(CHOICES, this.chosen);
  }

  async refresh() {
    try {
      this.list = await this.devices.list();
    } catch {
      // Without a list there is no choice of devices; what is open goes on.
      this.list = [];
    }
  }

  /** @param {DeviceKind} kind */
  of(kind) {
    return this.list.filter((device) => device.kind === kind && device.deviceId);
  }
}
